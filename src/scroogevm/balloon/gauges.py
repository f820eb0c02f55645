"""The values of one VM over time: rates, working set, age of its statistics."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_KIB = 1 / 1024
"""MiB."""


@dataclass
class Gauges:
    """One run of a VM, looked at again and again.

    Attributes:
        run: libvirt's number of it while it runs.
        seen: seconds, by a clock that never jumps, when it was first seen.
        released: when it last had to be released; None for never.
        swap_in: read back from the swap of the guest, MiB/s; NaN while that is not known.
        faults: major page faults of the guest, 1/s; likewise.
        ignored: looks in a row at which it did not follow, until it gives something again.
    """

    run: int
    seen: float
    released: float | None = None
    swap_in: float = np.nan
    faults: float = np.nan
    ignored: int = 0
    _told: float = 0.0
    _fresh: float | None = None
    _counts: tuple[float, float, float] | None = None
    _used: "deque[tuple[float, float]]" = field(default_factory=deque)

    def look(self, stats: Mapping[str, Any], clock: float, now: float, look_back: float) -> None:
        """Take in what libvirt says.

        Args:
            stats: named as in libvirt's one big answer.
            clock: seconds by a clock that never jumps.
            now: seconds since 1970.
            look_back: seconds over which the working set is measured.
        """
        told = float(stats.get("balloon.last-update", 0))
        if told == self._told:
            return
        first = self._fresh is None
        # The first time, its age is by the clocks of both machines; later ones are seen to come.
        self._fresh = clock - max(0.0, now - told) if first else clock
        self._rates(stats, told)
        self._told = told
        used = _mib(stats, "balloon.available") - _mib(stats, "balloon.usable")
        if np.isfinite(used):
            self._used.append((clock, used))
        while self._used and self._used[0][0] < clock - look_back:
            self._used.popleft()

    def age(self, clock: float) -> float:
        """Seconds since the guest refreshed its numbers; infinite where it never did."""
        return np.inf if self._fresh is None else clock - self._fresh

    def need(self, percentile: float) -> float:
        """A percentile of what the guest used over the look-back, MiB; NaN if unknown.

        Between two ranks it is interpolated, as NumPy does, whose own call costs ten times as much
        for the few samples that one VM has.
        """
        if not self._used:
            return np.nan
        ranked = sorted(used for _, used in self._used)
        place = (len(ranked) - 1) * percentile / 100
        below = int(place)
        above = min(below + 1, len(ranked) - 1)
        return ranked[below] + (place - below) * (ranked[above] - ranked[below])

    @property
    def looked(self) -> float:
        """Seconds of the look-back that samples cover."""
        return self._used[-1][0] - self._used[0][0] if self._used else 0.0

    def _rates(self, stats: Mapping[str, Any], told: float) -> None:
        swap, faults = _mib(stats, "balloon.swap_in"), _number(stats, "balloon.major_fault")
        if self._counts is not None and told > self._counts[0]:
            before, old_swap, old_faults = self._counts
            self.swap_in = max(0.0, swap - old_swap) / (told - before)
            self.faults = max(0.0, faults - old_faults) / (told - before)
        self._counts = (told, swap, faults)


def _mib(stats: Mapping[str, Any], key: str) -> float:
    return _number(stats, key) * _KIB


def _number(stats: Mapping[str, Any], key: str) -> float:
    found = stats.get(key)
    return np.nan if found is None else float(found)
