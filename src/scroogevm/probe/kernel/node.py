"""Reads the node: its cpus, memory, run queues and pressure."""

import os
from collections.abc import Mapping
from pathlib import Path

from scroogevm.hypervisor.files import keyed, number, text, total
from scroogevm.probe.snapshot import Values

MODES = ("user", "nice", "system", "idle", "iowait", "irq", "softirq", "steal")
"""Columns of a cpu in /proc/stat; time of guests, which follows, is part of user and nice."""

_MEMORY = {
    "total": "MemTotal",
    "available": "MemAvailable",
    "free": "MemFree",
    "buffers": "Buffers",
    "cached": "Cached",
}
_HUGEPAGES = {
    "total": ("nr_hugepages", "HugePages_Total"),
    "reserved": ("resv_hugepages", "HugePages_Rsvd"),
    "free": ("free_hugepages", "HugePages_Free"),
}
"""The file that each size of hugepages has, and the line that the default size has. Free pages are
read last: a process that takes pages meanwhile makes the difference too small, never too large."""

_PRESSURE = {
    ("cpu", "some"): "cpu_waiting",
    ("memory", "some"): "memory_waiting",
    ("memory", "full"): "memory_stalled",
    ("io", "some"): "io_waiting",
    ("io", "full"): "io_stalled",
}
_FREQUENCY = {
    "scaling_cur_freq": "frequency",
    "cpuinfo_min_freq": "frequency_minimum",
    "cpuinfo_max_freq": "frequency_maximum",
}


def read_node(procfs: Path, sysfs: Path, values: Values) -> dict[str, str]:
    """Put what is known of the node into values.

    Returns:
        What could not be seen, a capability each, and why.
    """
    parts = {
        "cpu": _cpu(procfs / "stat", values),
        "memory": _memory(procfs / "meminfo", sysfs / "kernel" / "mm" / "hugepages", values),
        "pressure": _pressure(procfs / "pressure", values),
        "schedstat": _schedstat(procfs / "schedstat", values),
        "frequency": _frequency(sysfs / "devices" / "system" / "cpu", values),
    }
    return {name: why for name, why in parts.items() if why}


def _cpu(path: Path, values: Values) -> str:
    ticks = os.sysconf("SC_CLK_TCK")
    cpus = 0
    for line in (text(path) or "").splitlines():
        name, *counts = line.split() or [""]
        if name == "cpu":
            for mode, count in zip(MODES, counts, strict=False):
                if count.isdecimal():
                    values.put("scrooge_node_cpu_seconds_total", int(count) / ticks, mode)
        elif name.startswith("cpu"):
            cpus += 1
    values.put("scrooge_node_cpus", cpus or None)
    return "" if cpus else f"{path} cannot be read"


def _memory(path: Path, hugepages: Path, values: Values) -> str:
    known = keyed(text(path))
    _hugepages(known, hugepages, values)
    for name, key in _MEMORY.items():
        if key in known:
            values.put(f"scrooge_node_memory_{name}_bytes", known[key] * 1024)
    if "MemTotal" in known and "MemAvailable" in known:
        return ""
    return f"{path} does not contain MemTotal and MemAvailable"


def _hugepages(known: Mapping[str, int], folder: Path, values: Values) -> None:
    """Memory in hugepages of every size; of the default size alone where the folder is not there.

    Args:
        known: what meminfo says.
        folder: of sizes, such as ``hugepages-2048kB``.
        values: where it is put.
    """
    pools = {path: _size(path.name) for path in sorted(folder.glob("hugepages-*kB"))}
    for name, (file, key) in _HUGEPAGES.items():
        counts = [(kib, number(path / file)) for path, kib in pools.items()]
        if not pools:
            counts = [(known.get("Hugepagesize"), known.get(key))]
        sizes = [1024 * kib * count for kib, count in counts if kib and count is not None]
        if len(sizes) == len(counts):
            values.put(f"scrooge_node_hugepages_{name}_bytes", sum(sizes))


def _size(name: str) -> int | None:
    """KiB of a page, by the name of its folder.

    >>> _size("hugepages-2048kB"), _size("hugepages-odd-kB")
    (2048, None)
    """
    digits = name.removeprefix("hugepages-").removesuffix("kB")
    return int(digits) if digits.isdecimal() else None


def _pressure(folder: Path, values: Values) -> str:
    seen = False
    for (resource, kind), name in _PRESSURE.items():
        seconds = total(text(folder / resource), kind)
        values.put(f"scrooge_node_pressure_{name}_seconds_total", seconds)
        seen |= seconds is not None
    return "" if seen else f"{folder} has no files to read (kernels may need psi=1)"


def _schedstat(path: Path, values: Values) -> str:
    """The last three of a cpu's nine columns: ns that tasks ran and waited, timeslices."""
    sums = [0, 0, 0]
    seen = False
    for line in (text(path) or "").splitlines():
        name, *counts = line.split() or [""]
        if name.startswith("cpu") and len(counts) >= 9 and all(c.isdecimal() for c in counts[6:9]):
            sums = [old + int(new) for old, new in zip(sums, counts[6:9], strict=True)]
            seen = True
    if not seen:
        return f"{path} is absent or empty (kernels may need CONFIG_SCHEDSTATS)"
    values.put("scrooge_node_sched_running_seconds_total", sums[0] / 1e9)
    values.put("scrooge_node_sched_waiting_seconds_total", sums[1] / 1e9)
    values.put("scrooge_node_sched_timeslices_total", sums[2])
    return ""


def _frequency(folder: Path, values: Values) -> str:
    seen = False
    for file, name in _FREQUENCY.items():
        read = (number(path) for path in folder.glob(f"cpu[0-9]*/cpufreq/{file}"))
        found = [khz for khz in read if khz is not None]
        if found:
            values.put(f"scrooge_node_cpu_{name}_hertz", 1000 * sum(found) / len(found))
            seen = True
    return "" if seen else f"{folder} has no cpufreq files"
