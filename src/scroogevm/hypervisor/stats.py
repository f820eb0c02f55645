"""Reads libvirt's statistics of one VM."""

from collections.abc import Mapping, Sequence
from typing import Any


def is_whole(stats: Mapping[str, Any]) -> bool:
    """Whether the one big answer held what it should.

    Some drivers say the state alone. Of a VM that is busy or hangs libvirt says all but what it
    would have to ask it for, to which it counts what is resident.
    """
    return all(key in stats for key in ("cpu.time", "balloon.current", "balloon.rss"))


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
