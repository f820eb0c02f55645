"""What libvirt says of one VM, in seconds and bytes."""

from collections.abc import Iterator, Mapping, Sequence
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


def is_whole(stats: Mapping[str, Any]) -> bool:
    """Whether the one big answer held what it should.

    Some drivers say the state alone. Of a VM that is busy or hangs libvirt says all but what it
    would have to ask it for, to which it counts what is resident.
    """
    return all(key in stats for key in ("cpu.time", "balloon.current", "balloon.rss"))


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


def as_stats(
    info: Sequence[int], memory: Mapping[str, int], cpu: Mapping[str, int], maximum: int | None
) -> dict[str, int]:
    """What is asked VM by VM, named as in the one big answer.

    Args:
        info: state, KiB at most, KiB now, vCPUs, ns.
        memory: KiB and counts, of the balloon and the guest.
        cpu: ns in all, in user mode, in the kernel.
        maximum: vCPUs that it may have.
    """
    state, largest, current, vcpus, spent = info
    stats = {
        "state.state": state,
        "balloon.maximum": largest,
        "balloon.current": memory.get("actual", current),
        "vcpu.current": vcpus,
        "cpu.time": spent,
    }
    if maximum is not None:
        stats["vcpu.maximum"] = maximum
    stats |= {f"cpu.{key.removesuffix('_time')}": cpu[key] for key in _MODES if key in cpu}
    for key, value in memory.items():
        if key != "actual":
            stats[f"balloon.{'last-update' if key == 'last_update' else key}"] = value
    return stats


_MODES = ("user_time", "system_time")
