"""Reads all values of a node."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from scroogevm import __version__
from scroogevm.hypervisor.hypervisor import Hypervisor, Listed, View
from scroogevm.probe.capabilities import container, known
from scroogevm.probe.kernel.node import read_node
from scroogevm.probe.machine import Machine
from scroogevm.probe.snapshot import Domain, Snapshot, Values
from scroogevm.probe.vm_values import VCPU_DELAY, read_stats

_WAITING = "scrooge_domain_sched_waiting_seconds_total"


@dataclass(frozen=True)
class Places:
    """Where to look.

    Attributes:
        uri: of libvirt.
        procfs: where /proc is.
        sysfs: where /sys is.
        seconds: limit of time of a call to libvirt.
        perf: whether performance counters are read.
        interval: seconds between readings, which is announced.
    """

    uri: str = "qemu:///system"
    procfs: Path = Path("/proc")
    sysfs: Path = Path("/sys")
    seconds: float = 2.0
    perf: bool = False
    interval: float = 5.0


class Probe:
    """Reads a node and its VMs; what it cannot read it leaves out, and says so.

    Args:
        places: where to look.
        hypervisor: what to ask about VMs; libvirt by default.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        places: Places,
        hypervisor: Hypervisor | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._places = places
        self._hypervisor = hypervisor or Hypervisor(places.uri, places.seconds)
        self._clock = clock
        self._machine = Machine(places.procfs, places.sysfs, perf=places.perf)
        self._host = container(places.procfs)
        self._waiting_of: dict[str, str] = {}
        self._reads = 0

    def read(self) -> Snapshot:
        """Read everything once."""
        began = time.monotonic()
        moment = self._moment(())

        def begin(listed: Sequence[Listed]) -> None:
            nonlocal moment
            moment = self._moment(listed)

        view = self._hypervisor.look(begin)
        blind = dict(moment.blind)
        if view.problem:
            blind["libvirt"] = view.problem
        domains = [self._domain(listed, view, moment) for listed in view.listed]
        uuids = {domain.uuid for domain in domains}
        self._waiting_of = {u: source for u, source in self._waiting_of.items() if u in uuids}
        self._reads += 1
        values = moment.node
        values.put("scrooge_probe_interval_seconds", self._places.interval)
        values.put("scrooge_probe_reads_total", self._reads)
        values.put("scrooge_probe_read_seconds", time.monotonic() - began)
        values.put("scrooge_probe_info", 1, __version__)
        values.put("scrooge_libvirt_up", view.up)
        values.put("scrooge_libvirt_domains", len(domains) if view.up else None)
        for name, seen in known(blind, vms=bool(domains), perf=self._places.perf).items():
            values.put("scrooge_probe_capability", seen, name)
        return Snapshot(values, domains, blind)

    def _moment(self, listed: Sequence[Listed]) -> "_Moment":
        """The kernel's numbers, and the time that they are of."""
        node = Values()
        blind = dict(self._host)
        blind |= read_node(self._places.procfs, self._places.sysfs, node)
        vms, unseen = self._machine.read([each.uuid for each in listed], node)
        now = self._clock()
        node.put("scrooge_probe_time_seconds", now)
        return _Moment(node, vms, blind | unseen, now)

    def _domain(self, listed: Listed, view: View, moment: "_Moment") -> Domain:
        values = moment.vms.get(listed.uuid, Values())
        stats = view.stats.get(listed.uuid)
        values.put("scrooge_domain_up", stats is not None and listed.uuid not in view.late)
        if stats is not None:
            values |= read_stats(stats, moment.time)
        self._settle_waiting(listed.uuid, values)
        return Domain(listed.name, listed.uuid, values, view.openstack.get(listed.uuid))

    def _settle_waiting(self, uuid: str, values: Values) -> None:
        """Waiting is of all threads, or else of the vCPUs; never now of these, now of those."""
        sources: Mapping[str, float | None] = {
            "threads": values.of(_WAITING),
            "vcpus": values.of(VCPU_DELAY),
        }
        possible = (name for name, value in sources.items() if value is not None)
        source = self._waiting_of.get(uuid) or next(possible, None)
        values.pop((_WAITING, ""), None)
        if source:
            self._waiting_of[uuid] = source
            values.put(_WAITING, sources[source])

    def close(self) -> None:
        """Give back what is held open."""
        self._hypervisor.close()


@dataclass(frozen=True, eq=False)
class _Moment:
    node: Values
    vms: Mapping[str, Values]
    blind: Mapping[str, str]
    time: float
