"""Detects cpu times that stand still: a repeated answer is missing, not a usage of zero.

A dead writer behind a textfile collector, a cache, a proxy or a hung exporter answers with old
numbers. The cpu time of a VM that runs grows by its timers alone, and that of a node by its kernel,
so counters that stand still are not news. What grew since is the usage of all the time since they
last moved.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.telemetry.rates import LONGEST, believable

SHORTEST_STILL = 5.0
"""Seconds for which cpu time stands still, at least, until the whole answer counts as missing. Idle
guests wake several times a second, and cpu times are told in steps of 10 ms or less."""

RENEWALS = 3.0
"""Times as long as the numbers took to be renewed the last time, at least. One running VM that
idles for the time of a scrape is no news, and neither is a file that is written once a minute."""

FROZEN = 30.0
"""Seconds likewise, where it is not known how long the numbers take to be renewed."""

_RUNS = 2.0
"""States of libvirt up to this one are those in which a VM runs, or nobody knows."""


def runs(state: Floats | None, size: int) -> Bools:
    """Which VMs run as far as is known: one that is paused or shut off may stand still.

    Args:
        state: (vms,), as libvirt numbers it, NaN where it is not told; None where it never is.
        size: how many VMs.
    """
    if state is None:
        return np.ones(size, np.bool_)
    return np.asarray(np.isnan(state) | (state <= _RUNS))


def stands(now: Floats, before: Floats, running: Bools, scrape: Ints) -> tuple[Bools, Bools]:
    """Whether all counters of a scrape stand still together, and which of them decide that.

    Args:
        now: (n,), cpu time.
        before: (n,), the cpu time one scrape before, NaN if there was none.
        running: (n,), whose cpu time has to grow.
        scrape: (n,), number of the scrape that each was told in, from 0.

    Returns:
        (n,), whether its scrape stands still; and (n,), whether it was compared.

    >>> number = np.array([5.0, 7.0]), np.array([5.0, 6.0]), np.array([True, True])
    >>> stands(*number, np.array([0, 0]))[0].tolist(), stands(*number, np.array([0, 1]))[0].tolist()
    ([False, False], [True, False])
    """
    judged = running & np.isfinite(now) & np.isfinite(before)
    scrapes = int(scrape.max(initial=-1)) + 1
    compared = np.bincount(scrape[judged], minlength=scrapes)
    moved = np.bincount(scrape[judged & (now != before)], minlength=scrapes)
    still = (compared > 0) & (moved == 0)
    return np.asarray(still[scrape]), np.asarray(judged)


def limit(renewed: ArrayLike) -> Floats:
    """Seconds for which numbers may stand still until they count as old.

    Args:
        renewed: seconds that they took to be renewed the last time, NaN where nobody saw that.

    >>> limit([1.0, 5.0, 60.0, np.nan]).tolist()
    [5.0, 15.0, 180.0, 30.0]
    """
    renewed = np.asarray(renewed, np.float64)
    longest = np.clip(RENEWALS * renewed, SHORTEST_STILL, LONGEST)
    return np.where(np.isnan(renewed), FROZEN, longest)


def frozen(judged: Bools, since: Floats, renewed: Floats, scrape: Ints) -> Bools:
    """Whether a scrape that stands still does so for so long that its answer is an old one, (n,).

    Args:
        judged: (n,), whether it was compared, and its scrape stands still.
        since: (n,), seconds since it last moved.
        renewed: (n,), seconds that it took to move before.
        scrape: (n,), number of the scrape.
    """
    late = judged & (since >= limit(renewed))
    return np.asarray(np.bincount(scrape[late], minlength=int(scrape.max(initial=-1)) + 1) > 0)[
        scrape
    ]


class CpuTimes(NamedTuple):
    """Cpu times of a node, or of its VMs, in two readings that follow one another.

    Attributes:
        now: (n,), None where it is not told at all.
        before: (n,), likewise.
        place: (n,), where each stood in the reading before, -1 for nowhere.
        running: (n,), whose cpu time has to grow; None for all.
    """

    now: Floats | None
    before: Floats | None
    place: Ints
    running: Bools | None = None


@dataclass(frozen=True, eq=False)
class Moved:
    """When counters last moved, as readings come one by one; arrays are (n,).

    Attributes:
        time: seconds since 1970, by the clock of the reader.
        clock: the same by the clock of the exporter.
        elapsed: seconds since they moved before, NaN where no rate must be made.
        renewed: seconds by our clock that they took to move the last time, NaN where nobody saw it.
        readings: how many there were.
        unsure: whether they stand still since the first reading: they may do so for much longer.
        is_frozen: whether they stand still for so long that the answer is an old one.
    """

    time: Floats
    clock: Floats
    elapsed: Floats
    renewed: Floats
    readings: int = 0
    unsure: bool = False
    is_frozen: bool = False

    @classmethod
    def none(cls) -> "Moved":
        """Before the first reading."""
        return cls(np.empty(0), np.empty(0), np.empty(0), np.empty(0))

    @property
    def since(self) -> float:
        """When the first of them moved last."""
        return float(self.time.min())

    def then(self, time: float, clock: float, told: CpuTimes) -> "Moved":
        """One reading later.

        Args:
            time: of the reading.
            clock: likewise, by the exporter; NaN where it does not tell.
            told: cpu times.
        """
        size, at = told.place.size, np.where(told.place < self.time.size, told.place, -1)
        old_time, old_clock, renewed = (
            np.append(old, np.nan)[at] for old in (self.time, self.clock, self.renewed)
        )
        missing, one = np.full(size, np.nan), np.zeros(size, np.int64)
        still, judged = stands(
            missing if told.now is None else told.now,
            missing if told.before is None else told.before,
            np.ones(size, np.bool_) if told.running is None else told.running,
            one,
        )
        stays = still & np.isfinite(old_time)
        unclocked = np.isnan(clock) & np.isnan(old_clock)
        elapsed = np.where(unclocked, time - old_time, clock - old_clock)
        good = believable(elapsed, time - old_time) & ~stays & (not self.unsure)
        moved = np.where(stays, old_time, time)
        whole = self.readings > 1 and not self.unsure  # the first numbers may be of any age
        renewed = np.where(stays, renewed, time - old_time if whole else np.nan)
        return Moved(
            moved,
            np.where(stays, old_clock, clock),
            np.where(good, elapsed, np.nan),
            renewed,
            self.readings + 1,
            bool(stays.any()) and (self.readings == 1 or self.unsure),
            bool(frozen(stays & judged, time - moved, renewed, one).any()),
        )
