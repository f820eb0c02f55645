"""The calls to libvirt, and their parameters."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from scroogevm.hypervisor import library
from scroogevm.hypervisor.openstack import NAMESPACES, read_openstack
from scroogevm.hypervisor.stats import as_stats, is_whole

R = TypeVar("R")

KEEPALIVE = (5, 3)
"""Seconds between signs of life, and how many may be missing before a connection is given up."""


class GoneError(Exception):
    """A VM stopped running while it was being asked."""


def running(connection: Any) -> Sequence[Any]:
    """The VMs that run."""
    active = library.libvirt().VIR_CONNECT_LIST_DOMAINS_ACTIVE
    domains: Sequence[Any] = connection.listAllDomains(active)
    return domains


def connect(uri: str, *, changes: bool = False) -> Any:
    """A connection that may read, and nothing else, unless something is to be changed."""
    virt = library.libvirt()
    connection = virt.open(uri) if changes else virt.openReadOnly(uri)
    with suppress(virt.libvirtError):  # some drivers have no other side
        connection.setKeepAlive(*KEEPALIVE)
    return connection


Records = Sequence[tuple[Any, Mapping[str, Any]]]
"""VMs, each with what libvirt says of it."""


def all_stats(domains: Sequence[Any]) -> Records:
    """One big answer: each VM that still runs.

    Of one that is busy, or hangs while somebody else asks it, there is what libvirt knows without
    it, where libvirt can tell at once.
    """
    if not domains:
        return []
    virt = library.libvirt()
    wanted = (
        virt.VIR_DOMAIN_STATS_STATE
        | virt.VIR_DOMAIN_STATS_CPU_TOTAL
        | virt.VIR_DOMAIN_STATS_BALLOON
        | virt.VIR_DOMAIN_STATS_VCPU
    )
    connection = domains[0].connect()
    records: Records = connection.domainListGetStats(domains, wanted, _no_wait())
    return records


def at_once(domains: Sequence[Any]) -> Records:
    """What libvirt knows of VMs that are being asked already; nothing where it would wait."""
    return all_stats(domains) if _no_wait() else []


def _no_wait() -> int:
    return int(getattr(library.libvirt(), "VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT", 0))


def one(domain: Any) -> Mapping[str, Any]:
    """What one VM says: the big answer for it alone, and piece by piece what that lacks."""
    virt = library.libvirt()
    found: Mapping[str, Any] = {}
    with suppress(virt.libvirtError):
        for _, stats in all_stats([domain]):
            found = stats
    if is_whole(found):
        return found
    info = domain.info()
    if info[0] == virt.VIR_DOMAIN_SHUTOFF:
        raise GoneError
    memory: Mapping[str, int] = {}
    cpu: Mapping[str, int] = {}
    maximum = None
    try:
        memory = domain.memoryStats()
    except virt.libvirtError as error:
        if error.get_error_code() == virt.VIR_ERR_OPERATION_TIMEOUT:
            raise  # it hangs; other drivers just do not know
    with suppress(virt.libvirtError):
        cpu = domain.getCPUStats(True)[0]  # noqa: FBT003  # the library's own argument: in total
    with suppress(virt.libvirtError):
        maximum = domain.maxVcpus()
    return {**found, **as_stats(info, memory, cpu, maximum)}


def openstack_of(domain: Any) -> tuple[str, str, str] | None:
    """Name, flavor and project of a VM that OpenStack made."""
    virt = library.libvirt()
    for space in NAMESPACES:
        with suppress(virt.libvirtError):
            element = domain.metadata(virt.VIR_DOMAIN_METADATA_ELEMENT, space)
            return read_openstack(element)
    return None


def answer_of(question: Callable[[Any], R], domain: Any) -> R | Exception:
    """What a VM answers, or raises."""
    try:
        return question(domain)
    except Exception as error:  # noqa: BLE001  # handed to whoever asked
        return error


def is_gone(answer: object) -> bool:
    """Whether a VM stopped running while it was being asked."""
    virt = library.libvirt()
    gone = (virt.VIR_ERR_NO_DOMAIN, virt.VIR_ERR_OPERATION_INVALID)
    if isinstance(answer, virt.libvirtError):
        return answer.get_error_code() in gone
    return isinstance(answer, GoneError)
