"""Writes the values with the names and units of vmprobe, the predecessor's probe."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from scroogevm.errors import MisuseError
from scroogevm.probe.kernel.perf import EVENTS
from scroogevm.probe.snapshot import Snapshot, Values


class Ingredient(NamedTuple):
    """What one of its numbers is made of.

    Attributes:
        factor: from our unit to its.
        keys: names and labels that are summed.
    """

    factor: float
    keys: Sequence[tuple[str, str]]


def _part(factor: float, name: str, *labels: str) -> Ingredient:
    return Ingredient(factor, [(name, label) for label in labels or ("",)])


_NS, _KIB, _MS = 1e9, 1 / 1024, 1e3
_CPU = "scrooge_node_cpu_seconds_total"

GLOBAL: Mapping[str, Ingredient] = {
    "probe_epoch": _part(_MS, "scrooge_probe_time_seconds"),
    "probe_delay": _part(_MS, "scrooge_probe_interval_seconds"),
    "cpu_total": _part(1, "scrooge_node_cpus"),
    "cpu_kernel": _part(_NS, _CPU, "system", "irq", "softirq"),
    "cpu_user": _part(_NS, _CPU, "user", "nice"),
    "cpu_idle": _part(_NS, _CPU, "idle"),
    "cpu_iowait": _part(_NS, _CPU, "iowait"),
    "cpu_freq": _part(1e-3, "scrooge_node_cpu_frequency_hertz"),
    "cpu_minfreq": _part(1e-3, "scrooge_node_cpu_frequency_minimum_hertz"),
    "cpu_maxfreq": _part(1e-3, "scrooge_node_cpu_frequency_maximum_hertz"),
    "memory_total": _part(_KIB, "scrooge_node_memory_total_bytes"),
    "memory_free": _part(_KIB, "scrooge_node_memory_free_bytes"),
    "memory_available": _part(_KIB, "scrooge_node_memory_available_bytes"),
    "memory_buffers": _part(_KIB, "scrooge_node_memory_buffers_bytes"),
    "memory_cached": _part(_KIB, "scrooge_node_memory_cached_bytes"),
    "sched_runtime": _part(_NS, "scrooge_node_sched_running_seconds_total"),
    "sched_waittime": _part(_NS, "scrooge_node_sched_waiting_seconds_total"),
    "sched_timeslices": _part(1, "scrooge_node_sched_timeslices_total"),
}
"""What it says of the node."""

DOMAIN: Mapping[str, Ingredient] = {
    "cpu_alloc": _part(1, "scrooge_domain_vcpus_maximum"),
    "cpu_cputime": _part(_NS, "scrooge_domain_cpu_seconds_total"),
    "cpu_usertime": _part(_NS, "scrooge_domain_cpu_user_seconds_total"),
    "cpu_systemtime": _part(_NS, "scrooge_domain_cpu_system_seconds_total"),
    "memory_alloc": _part(_KIB, "scrooge_domain_memory_current_bytes"),
    "memory_rss": _part(_KIB, "scrooge_domain_memory_rss_bytes"),
    "memory_available": _part(_KIB, "scrooge_domain_guest_memory_total_bytes"),
    "memory_unused": _part(_KIB, "scrooge_domain_guest_memory_unused_bytes"),
    "memory_usable": _part(_KIB, "scrooge_domain_guest_memory_usable_bytes"),
    "memory_diskcaches": _part(_KIB, "scrooge_domain_guest_memory_disk_caches_bytes"),
    "memory_swapin": _part(_KIB, "scrooge_domain_guest_swap_in_bytes_total"),
    "memory_swapout": _part(_KIB, "scrooge_domain_guest_swap_out_bytes_total"),
    "memory_minorfault": _part(1, "scrooge_domain_guest_minor_faults_total"),
    "memory_majorfault": _part(1, "scrooge_domain_guest_major_faults_total"),
    "memory_hugetlbpgalloc": _part(1, "guest_hugetlb_allocations"),
    "memory_hugetlb_pgfail": _part(1, "guest_hugetlb_failures"),
    "memory_last_update": _part(1, "scrooge_domain_guest_memory_updated_timestamp_seconds"),
    "sched_runtime": _part(_NS, "scrooge_domain_sched_running_seconds_total"),
    "sched_waittime": _part(_NS, "scrooge_domain_sched_waiting_seconds_total"),
    "sched_timeslices": _part(1, "scrooge_domain_sched_timeslices_total"),
    "stat_minflt": _part(1, "scrooge_domain_process_minor_faults_total"),
    "stat_majflt": _part(1, "scrooge_domain_process_major_faults_total"),
    "stat_cminflt": _part(1, "process_child_minor_faults"),
    "stat_cmajflt": _part(1, "process_child_major_faults"),
    "stat_vsize": _part(1, "scrooge_domain_process_virtual_bytes"),
    "stat_rss": _part(1, "process_resident_pages"),
    "stat_rsslim": _part(1, "process_resident_limit_bytes"),
}
"""What it says of a VM."""

PERF: Mapping[str, Ingredient] = {
    f"perf_{('hw', 'sw')[kind]}{event.replace('_', '')}": _part(1, "perf_delta", event)
    for event, (kind, _) in EVENTS.items()
}
"""What it says of either: how much was counted since the last reading."""


def check_prefix(prefix: str) -> str:
    """The prefix, if names may begin so.

    Raises:
        MisuseError: they may not.
    """
    if re.fullmatch("[a-zA-Z_:][a-zA-Z0-9_:]*", prefix) is None:
        raise MisuseError(
            f"{prefix!r} cannot begin a metric's name", where="--vmprobe", remedy="as in: example"
        )
    return prefix


def vm_name(name: str) -> str:
    """A VM as its metrics are named: without dashes, as ever; what no name may hold is ``_``.

    >>> vm_name("web-1"), vm_name("db 2")
    ('web1', 'db_2')
    """
    return re.sub(r"[^a-zA-Z0-9_:]", "_", name.replace("-", ""))


def render(snapshot: Snapshot, prefix: str) -> str:
    """Everything that vmprobe would say; of VMs whose names become the same, the first by UUID."""
    lines = list(_lines(f"{prefix}_global", snapshot.values, GLOBAL))
    named = {vm_name(d.name): d for d in sorted(snapshot.domains, key=_uuid, reverse=True)}
    for name, domain in sorted(named.items()):
        lines += _lines(f"{prefix}_domain_{name}", domain.values, DOMAIN)
    return "".join(f"{line}\n" for line in lines)


def _uuid(domain: object) -> str:
    return str(getattr(domain, "uuid", ""))


def _lines(start: str, values: Values, parts: Mapping[str, Ingredient]) -> Iterator[str]:
    for name, part in {**parts, **PERF}.items():
        found = [values[key] for key in part.keys if key in values]
        if len(found) == len(part.keys):
            yield f"{start}_{name} {round(sum(found) * part.factor)}"
