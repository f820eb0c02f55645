"""By which clock rows are apart, and which row is the one before."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.samples import Rows
from scroogevm.telemetry.quantities import Pair
from scroogevm.telemetry.rates import PERIODS, believable


@dataclass(frozen=True, eq=False)
class RowClock:
    """The clock of each row, which row is the one before, and how often rows are renewed.

    Attributes:
        clock: (rows,).
        time: (rows,).
        before: (rows,), the row that a rate compares with, -1 for none: the first of those with
            the clock that the last row had, since that is when its numbers were new.
        first: (rows,), the first row with the same clock.
        interval: (rows,), NaN where nobody says.
    """

    clock: Floats
    time: Floats
    before: Ints
    first: Ints
    interval: Floats

    @classmethod
    def of_nodes(cls, rows: Rows) -> "RowClock":
        """By what the exporter says of its clock, where it says so; else by that of the server."""
        missing = np.full(len(rows), np.nan)
        said = rows.values.get("clock", missing)
        says = np.zeros(len(rows.owners), np.bool_)
        says[rows.owner[~np.isnan(said)]] = True
        clock = np.where(says[rows.owner], said, rows.time)
        return cls._of(rows, clock, rows.values.get("interval", missing))

    def of_vms(self, rows: Rows, at: Ints) -> "RowClock":
        """By the clock of the node in the same scrape.

        Args:
            rows: of VMs.
            at: (rows,), the row of the node, -1 for none.
        """
        clock = np.append(self.clock, np.nan)[at]
        known = np.zeros(len(rows.owners), np.bool_)
        known[rows.owner[at >= 0]] = True
        clock = np.where(known[rows.owner], clock, rows.time)
        return self._of(rows, clock, np.append(self.interval, np.nan)[at])

    @classmethod
    def _of(cls, rows: Rows, clock: Floats, interval: Floats) -> "RowClock":
        number = np.arange(len(rows))
        follows = np.zeros(len(rows), np.bool_)
        follows[1:] = rows.owner[1:] == rows.owner[:-1]
        repeats = follows.copy()
        repeats[1:] &= clock[1:] == clock[:-1]
        first = np.maximum.accumulate(np.where(repeats, 0, number)) if number.size else number
        before = np.where(follows, np.roll(first, 1), -1)
        return cls(clock, rows.time, before, first, interval)

    def longest(self, longest: float) -> Floats:
        """(rows,), seconds above which there is no rate."""
        return np.fmax(longest, PERIODS * self.interval)

    def pair(self, rows: Rows, longest: float) -> Pair:
        """Each row beside the one before."""
        elapsed = self.clock - np.append(self.clock, np.nan)[self.before]
        passed = self.time - np.append(self.time, np.nan)[self.before]
        return Pair(
            len(rows),
            rows.values,
            {term: np.append(value, np.nan)[self.before] for term, value in rows.values.items()},
            np.where(believable(elapsed, passed), elapsed, np.nan),
            self.clock,
            self.longest(longest),
        )

    @property
    def fresh(self) -> Bools:
        """(rows,), which say anything new."""
        return np.asarray(self.first == np.arange(self.first.size), np.bool_)
