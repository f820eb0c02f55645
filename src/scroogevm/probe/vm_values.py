"""libvirt's values of one VM, in seconds and bytes."""

from collections.abc import Iterator, Mapping
from typing import Any

from scroogevm.probe.snapshot import Values

_KIB = 1024
_NS = 1e-9
_SINGLE = {
    "state.state": ("scrooge_domain_state", 1),
    "vcpu.current": ("scrooge_domain_vcpus", 1),
    "vcpu.maximum": ("scrooge_domain_vcpus_maximum", 1),
    "cpu.time": ("scrooge_domain_cpu_seconds_total", _NS),
    "cpu.user": ("scrooge_domain_cpu_user_seconds_total", _NS),
    "cpu.system": ("scrooge_domain_cpu_system_seconds_total", _NS),
    "balloon.current": ("scrooge_domain_memory_current_bytes", _KIB),
    "balloon.maximum": ("scrooge_domain_memory_maximum_bytes", _KIB),
    "balloon.rss": ("scrooge_domain_memory_rss_bytes", _KIB),
}
_GUEST = {
    "balloon.available": ("scrooge_domain_guest_memory_total_bytes", _KIB),
    "balloon.usable": ("scrooge_domain_guest_memory_usable_bytes", _KIB),
    "balloon.unused": ("scrooge_domain_guest_memory_unused_bytes", _KIB),
    "balloon.disk_caches": ("scrooge_domain_guest_memory_disk_caches_bytes", _KIB),
    "balloon.last-update": ("scrooge_domain_guest_memory_updated_timestamp_seconds", 1),
    "balloon.minor_fault": ("scrooge_domain_guest_minor_faults_total", 1),
    "balloon.major_fault": ("scrooge_domain_guest_major_faults_total", 1),
    "balloon.swap_in": ("scrooge_domain_guest_swap_in_bytes_total", _KIB),
    "balloon.swap_out": ("scrooge_domain_guest_swap_out_bytes_total", _KIB),
    "balloon.hugetlb_pgalloc": ("guest_hugetlb_allocations", 1),
    "balloon.hugetlb_pgfail": ("guest_hugetlb_failures", 1),
}
VCPU_DELAY = "vcpu_delay_seconds"
"""Time that the vCPUs, and not the other threads, were ready and waited for a cpu."""


def read_stats(stats: Mapping[str, Any], now: float) -> Values:
    """Numbers of a VM, named as in the one big answer.

    A guest that never said anything of its memory, for want of a driver, has no such numbers:
    libvirt then gives zeros, or some of them.

    Args:
        stats: what libvirt said.
        now: seconds since 1970.
    """
    values = Values()
    known = dict(_SINGLE)
    updated = stats.get("balloon.last-update")
    if updated is None or updated > 0:
        known |= _GUEST
    for key, (name, factor) in known.items():
        if key in stats:
            values.put(name, stats[key] * factor)
    if updated:
        values.put("scrooge_domain_guest_memory_age_seconds", max(0.0, now - updated))
    delays = list(_delays(stats))
    values.put(VCPU_DELAY, sum(delays) * _NS if delays else None)
    return values


def _delays(stats: Mapping[str, Any]) -> Iterator[int]:
    for key, value in stats.items():
        first, _, rest = key.partition(".")
        if first == "vcpu" and rest.endswith(".delay"):
            yield int(value)
