"""The largest peak of each hour of the last week, of every node, as named arrays of a memo."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Floats

HOUR = 3600.0
DAY, WEEK = 24, 168
SIZE = WEEK + 1
"""Hours that are kept: the current one, and those of the week before it."""
_LAST = "_hour"
_PEAKS = [f"_hour/{place:03}" for place in range(SIZE)]


@dataclass(frozen=True, eq=False)
class Hours:
    """The peaks of nodes, by the hour in which a window begins.

    Attributes:
        now: the hour of the newest window, counted from 0 of the source's clock.
        peaks: ``SIZE`` arrays (nodes,); hour h is at position ``h % SIZE``; NaN if no window began
            in it.
    """

    now: int
    peaks: list[Floats]

    @classmethod
    def then(cls, memo: Mapping[str, Floats], begin: float, peak: Floats) -> "Hours":
        """The hours of a memo, with the next window added.

        Args:
            memo: the result of ``arrays``; empty at first.
            begin: seconds at which the window begins.
            peak: (nodes,), the peak of each node in it.
        """
        now = int(begin // HOUR)
        nothing = np.full(peak.shape, np.nan)
        peaks = [memo.get(name, nothing) for name in _PEAKS]
        gap = np.nan_to_num(now - memo.get(_LAST, nothing), nan=float(SIZE))
        # Hours without a window still hold the values of the week before.
        for back in range(int(np.clip(gap.max(initial=0.0), 0, SIZE))):
            place = (now - back) % SIZE
            peaks[place] = np.where(gap > back, np.nan, peaks[place])
        peaks[now % SIZE] = np.fmax(peaks[now % SIZE], peak)
        return cls(now, peaks)

    def arrays(self) -> dict[str, Floats]:
        """The arrays for the memo."""
        last = np.full(self.peaks[0].shape, float(self.now))
        return {_LAST: last, **dict(zip(_PEAKS, self.peaks, strict=True))}

    def largest(self) -> Floats:
        """The largest peak of the last 24 hours, (nodes,); NaN if there is none."""
        return self._of(range(self.now - DAY + 1, self.now + 1))

    def same(self, begin: float) -> Floats:
        """The largest peak 1, 2 and 7 days before a later window, at its hour, (nodes,)."""
        hour = int(begin // HOUR)
        return self._of(hour - back for back in (DAY, 2 * DAY, WEEK))

    def _of(self, hours: Iterable[int]) -> Floats:
        largest = np.full(self.peaks[0].shape, np.nan)
        for hour in hours:
            if self.now - SIZE < hour <= self.now:
                largest = np.fmax(largest, self.peaks[hour % SIZE])
        return largest
