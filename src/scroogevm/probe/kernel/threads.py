"""Reads how long the threads of VMs ran, and waited for a cpu."""

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from scroogevm.hypervisor.files import text


class Scheduled(NamedTuple):
    """Sums over threads.

    Attributes:
        running: ns on a cpu.
        waiting: ns ready for one, without one.
        slices: times that one was given.
    """

    running: int
    waiting: int
    slices: int


NOTHING = Scheduled(0, 0, 0)


class Threads:
    """Sums over all threads that a process had while it was watched, so that they never fall.

    A thread that ends takes its numbers with it, and helpers of a VM come and go; so growth is
    added up, thread by thread.
    """

    def __init__(self, procfs: Path) -> None:
        self._procfs = procfs
        self._seen: dict[int, tuple[dict[str, Scheduled], Scheduled]] = {}

    def read(self, pid: int) -> Scheduled | None:
        """Sums up to now, or None where the kernel does not tell."""
        now = {}
        folder = self._procfs / str(pid) / "task"
        for thread in _listed(folder):
            words = (text(folder / thread / "schedstat") or "").split()
            if len(words) == 3 and all(word.isdecimal() for word in words):
                now[thread] = Scheduled(*map(int, words))
        if not now:
            return None
        before, sums = self._seen.get(pid, ({}, NOTHING))
        running, waiting, slices = sums
        for thread, new in now.items():
            old = before.get(thread, NOTHING)
            if any(b < a for a, b in zip(old, new, strict=True)):
                old = NOTHING  # another thread of the same number
            running += new.running - old.running
            waiting += new.waiting - old.waiting
            slices += new.slices - old.slices
        sums = Scheduled(running, waiting, slices)
        self._seen[pid] = now, sums
        return sums

    def keep(self, pids: Collection[int]) -> None:
        """Forget all processes but these."""
        self._seen = {pid: seen for pid, seen in self._seen.items() if pid in pids}


def _listed(folder: Path) -> list[str]:
    try:
        return [thread.name for thread in folder.iterdir()]
    except OSError:
        return []
