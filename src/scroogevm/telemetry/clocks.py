"""Chooses the clock for the time between rows, and the row before each row."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.samples import Rows
from scroogevm.telemetry.quantities import Pair
from scroogevm.telemetry.rates import PERIODS, believable
from scroogevm.telemetry.stillness import frozen, runs, stands


@dataclass(frozen=True, eq=False)
class RowClock:
    """The clock of each row, which row is the one before, and how often rows are renewed.

    Attributes:
        clock: (rows,).
        time: (rows,).
        before: (rows,), the row that a rate compares with, -1 for none: the first of those with
            the numbers that the last row had, since that is when they were new.
        first: (rows,), the first row with the same clock.
        interval: (rows,), NaN where nobody says.
        still: (rows,), whether cpu time stands still, or did so for a time that nobody knows, so
            that there is no rate.
        frozen: (rows,), whether it does for so long that the row is an old one.
    """

    clock: Floats
    time: Floats
    before: Ints
    first: Ints
    interval: Floats
    still: Bools
    frozen: Bools

    @classmethod
    def of_nodes(cls, rows: Rows) -> "RowClock":
        """By what the exporter says of its clock, where it says so; else by that of the server."""
        missing = np.full(len(rows), np.nan)
        said = rows.values.get("clock", missing)
        says = np.zeros(len(rows.owners), np.bool_)
        says[rows.owner[~np.isnan(said)]] = True
        clock = np.where(says[rows.owner], said, rows.time)
        interval = rows.values.get("interval", missing)
        initial = np.ones(len(rows), np.bool_)
        initial[1:] = rows.owner[1:] != rows.owner[:-1]
        return cls._of(rows, clock, interval, np.arange(len(rows)), initial)

    def of_vms(self, rows: Rows, at: Ints, nodes: Rows) -> "RowClock":
        """By the clock of the node in the same scrape.

        Args:
            rows: of VMs.
            at: (rows,), the row of the node, -1 for none.
            nodes: rows of nodes, of which this is the clock.
        """
        clock = np.append(self.clock, np.nan)[at]
        known = np.zeros(len(rows.owners), np.bool_)
        known[rows.owner[at >= 0]] = True
        clock = np.where(known[rows.owner], clock, rows.time)
        interval = np.append(self.interval, np.nan)[at]
        begins = _begins(rows, nodes)
        first = np.array([begins[owner[0]] for owner in rows.owners])[rows.owner]
        return self._of(rows, clock, interval, _scrapes(rows), rows.time == first)

    @classmethod
    def _of(
        cls, rows: Rows, clock: Floats, interval: Floats, scrape: Ints, initial: Bools
    ) -> "RowClock":
        """As above.

        Args:
            rows: of nodes or VMs.
            clock: (rows,).
            interval: (rows,).
            scrape: (rows,), the number of the scrape that each was told in.
            initial: (rows,), whether it is of the first scrape: its numbers may be of any age.
        """
        number = np.arange(len(rows))
        follows = np.zeros(len(rows), np.bool_)
        follows[1:] = rows.owner[1:] == rows.owner[:-1]
        repeats = follows.copy()
        repeats[1:] &= clock[1:] == clock[:-1]
        first = np.maximum.accumulate(np.where(repeats, 0, number)) if number.size else number
        last = np.where(follows, np.roll(first, 1), -1)
        fresh = first == number
        cpu = rows.values.get("cpu_time", np.full(len(rows), np.nan))
        state = rows.values.get("state")
        still, judged = stands(
            cpu, np.append(cpu, np.nan)[last], fresh & runs(state, len(rows)), scrape
        )
        still = still & fresh & follows
        # When its numbers were new: a row that stands still has those of the rows before it.
        moved = (
            np.maximum.accumulate(np.where(fresh & ~still, number, 0)) if number.size else number
        )
        before = np.where(follows, moved[last], -1)
        from_initial = np.append(initial, False)[before]
        unsure = from_initial & np.append(still, False)[last]
        took = np.where(from_initial, np.nan, rows.time - np.append(rows.time, np.nan)[before])
        late = rows.time - rows.time[moved]
        old = frozen(still & judged, late, took[moved], scrape)
        return cls(clock, rows.time, before, first, interval, still | unsure, old)

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
            np.where(believable(elapsed, passed) & ~self.still, elapsed, np.nan),
            self.clock,
            self.longest(longest),
        )

    @property
    def fresh(self) -> Bools:
        """(rows,), which say anything new."""
        return np.asarray(self.first == np.arange(self.first.size), np.bool_)


def _begins(*tables: Rows) -> Mapping[str, float]:
    """The first time of each node in rows of nodes and VMs."""
    found: dict[str, float] = {}
    for rows in tables:
        starts = np.searchsorted(rows.owner, np.arange(len(rows.owners)))
        for owner, time in zip(rows.owners, rows.time[starts].tolist(), strict=True):
            found[owner[0]] = min(time, found.get(owner[0], np.inf))
    return found


def _scrapes(rows: Rows) -> Ints:
    """(rows of VMs,), the number of the scrape of its node that each was told in."""
    names = {node: at for at, node in enumerate(sorted({owner[0] for owner in rows.owners}))}
    node = np.array([names[owner[0]] for owner in rows.owners], np.int64)[rows.owner]
    times, at = np.unique(rows.time, return_inverse=True)
    # Numbers without gaps, of integers: to sort pairs took most of the time of reading a window.
    _, scrape = np.unique(node * times.size + at, return_inverse=True)
    return np.asarray(scrape, np.int64)
