"""Finds the process of a VM."""

import re
from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from scroogevm.hypervisor.files import text

_UUID = re.compile(r"\0-uuid\0([0-9a-fA-F-]{36})(?:\0|$)")


class Process(NamedTuple):
    """What /proc/PID/stat says of a process.

    Attributes:
        pid: its number.
        started: ticks after boot: with the number, no other process has had it.
        minor_faults: since it started.
        child_minor_faults: of children that it waited for.
        major_faults: since it started.
        child_major_faults: of children that it waited for.
        virtual: bytes of address space.
        resident: pages in memory.
        limit: bytes that may be resident.
    """

    pid: int
    started: int
    minor_faults: int
    child_minor_faults: int
    major_faults: int
    child_major_faults: int
    virtual: int
    resident: int
    limit: int


def read_process(procfs: Path, pid: int) -> Process | None:
    """What is known of a process, or None where it has gone."""
    content = text(procfs / str(pid) / "stat") or ""
    after = content.rpartition(")")[2].split()  # the name before it may hold anything
    try:
        minor, child_minor, major, child_major = map(int, after[7:11])
        started, virtual, resident, limit = map(int, after[19:23])
    except ValueError:
        return None
    return Process(pid, started, minor, child_minor, major, child_major, virtual, resident, limit)


class ProcessFinder:
    """Finds the process of each VM by its UUID, and remembers it while it lives.

    Every process is looked through, so a VM that is not found is sought again only at its 1st, 2nd,
    4th, 8th, ... absence.
    """

    def __init__(self, procfs: Path) -> None:
        self._procfs = procfs
        self._known: dict[str, Process] = {}
        self._absences: dict[str, int] = {}

    def find(self, uuids: Collection[str]) -> dict[str, Process]:
        """The processes of those VMs that have one here."""
        found = {}
        for uuid in uuids:
            known = self._known.get(uuid)
            now = read_process(self._procfs, known.pid) if known else None
            if known and now and now.started == known.started:
                found[uuid] = now
        if self._worth_seeking([uuid for uuid in uuids if uuid not in found]):
            found |= {uuid: found.get(uuid, new) for uuid, new in self._seek(uuids).items()}
        self._known = found
        self._absences = {
            uuid: self._absences.get(uuid, 0) + 1 for uuid in uuids if uuid not in found
        }
        return found

    def _worth_seeking(self, missing: Collection[str]) -> bool:
        absences = (self._absences.get(uuid, 0) for uuid in missing)
        return any(number & (number - 1) == 0 for number in absences)

    def _seek(self, uuids: Collection[str]) -> dict[str, Process]:
        """Whose command line names a VM; of several the oldest, for a name is easily borrowed."""
        found: dict[str, Process] = {}
        for folder in self._procfs.glob("[0-9]*"):
            mark = _UUID.search(text(folder / "cmdline") or "")
            uuid = mark[1].lower() if mark else ""
            process = read_process(self._procfs, int(folder.name)) if uuid in uuids else None
            if process and (uuid not in found or process.started < found[uuid].started):
                found[uuid] = process
        return found
