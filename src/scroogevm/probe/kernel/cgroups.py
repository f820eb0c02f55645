"""Reads the control groups of a VM, in version 1, version 2, or both."""

import re
from collections.abc import Mapping
from pathlib import Path

from scroogevm.hypervisor.files import keyed, number, text, total
from scroogevm.probe.snapshot import Values

_INNER = re.compile(r"(?:/(?:emulator|vcpu\d+|iothread\d+|libvirt))+$")
_V2 = ""


def groups(procfs: Path, sysfs: Path, pid: int) -> Mapping[str, Path]:
    """Folders of a VM's groups: by controller in version 1, under ``""`` in version 2.

    Names are not built from the name of the VM, which is written in several ways: its process says
    in which groups it is, and the groups inside its own, one a thread, are cut off.
    """
    mounted = sysfs / "fs" / "cgroup"
    found = {}
    for line in (text(procfs / str(pid) / "cgroup") or "").splitlines():
        _, first, rest = line.partition(":")
        controllers, second, path = rest.partition(":")
        path = _INNER.sub("", path)
        if not first or not second or ".." in path.split("/"):
            continue  # outside of what this container may see
        if controllers == _V2:
            roots = [(_V2, mounted), (_V2, mounted / "unified")]
        else:
            roots = [(name, mounted / name) for name in controllers.split(",")]
            roots += [(name, mounted / controllers) for name in controllers.split(",")]
        for name, root in roots:
            folder = root / path.lstrip("/")
            if name not in found and path.strip("/") and folder.is_dir():
                found[name] = folder
    return found


def read_groups(procfs: Path, sysfs: Path, pid: int, values: Values) -> bool:
    """Put what the groups of a VM say into values.

    Returns:
        Whether there was any such group to be read.
    """
    found = groups(procfs, sysfs, pid)
    before = len(values)
    if _V2 in found:
        folder = found[_V2]
        for resource in ("cpu", "memory"):
            name = f"scrooge_domain_cgroup_pressure_{resource}_waiting_seconds_total"
            values.put(name, total(text(folder / f"{resource}.pressure"), "some"))
        _put(values, number(folder / "memory.current"), _throttled(folder, "throttled_usec", 1e6))
    if "memory" in found:
        _put(values, number(found["memory"] / "memory.usage_in_bytes"), None)
    if "cpu" in found:
        _put(values, None, _throttled(found["cpu"], "throttled_time", 1e9))
    return len(values) > before


def _put(values: Values, memory: float | None, throttled: float | None) -> None:
    values.put("scrooge_domain_cgroup_memory_bytes", memory)
    values.put("scrooge_domain_cgroup_throttled_seconds_total", throttled)


def _throttled(folder: Path, key: str, per_second: float) -> float | None:
    ticks = keyed(text(folder / "cpu.stat")).get(key)
    return None if ticks is None else ticks / per_second
