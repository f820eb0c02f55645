"""One table of our format, cut into windows: rows of nodes, or of VMs, on a regular grid."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scroogevm.core.arrays import Floats, Ints
from scroogevm.errors import TraceError
from scroogevm.ports import RESOURCES, UNITS
from scroogevm.traces.checks import refuse_above, refuse_negative


@dataclass(frozen=True)
class Grid:
    """Where samples and windows stand in time.

    Attributes:
        origin: begin of the first window, s.
        end: end of the last window, s.
        interval: seconds between samples.
        slice: seconds in a window, a multiple of the interval.
    """

    origin: float
    end: float
    interval: float
    slice: float

    @property
    def windows(self) -> int:
        """Whole windows."""
        return int((self.end - self.origin) / self.slice + 1e-9)

    @property
    def samples(self) -> int:
        """Samples in a window."""
        return round(self.slice / self.interval)


@dataclass(frozen=True, eq=False)
class Cut:
    """The rows of one window.

    Attributes:
        ids: (rows,), position among the owners of the table, ascending.
        size: by resource, (rows,): the last capacity or allocation known.
        usage: by resource, (rows, samples), NaN where missing.
    """

    ids: Ints
    size: Mapping[str, Floats]
    usage: Mapping[str, Floats]


class Table:
    """The rows of a part, sorted by owner (node, or node and VM), then time.

    Args:
        frame: the columns of ``tables.NODES`` or ``tables.VMS``.
        keys: the columns that name an owner.
        grid: where its samples stand.
        where: what to call the table in messages.

    Raises:
        TraceError: a column is missing or no number, a row stands twice or off the grid.
    """

    def __init__(self, frame: pl.DataFrame, keys: Sequence[str], grid: Grid, where: str) -> None:
        self.grid = grid
        self.where = where
        self._check_columns(frame, keys)
        heads = _heads(frame, keys)
        if frame[heads].select(keys).is_duplicated().any():  # the rows of an owner lie apart
            frame = frame.sort(*keys, "time")
            heads = _heads(frame, keys)
        self._frame = frame
        self._heads = np.append(heads, frame.height)
        self.owners = frame[heads].select(pl.col(keys).cast(pl.String))
        if not self._is_complete:
            self._cell = self._cells()

    def __len__(self) -> int:
        return self.owners.height

    def check(self, resource: str, limit: float) -> None:
        """Refuse negative and absurd numbers.

        Args:
            resource: the one to look at.
            limit: how many times its capacity or allocation an owner can use at most.

        Raises:
            TraceError: there is one.
        """
        if self._plausible(resource, limit):
            return
        size, usage = self._numbers(resource), self._numbers(f"{resource}_usage")
        refuse_negative(size, lambda row: self.place(row, resource))
        refuse_negative(usage, lambda row: self.place(row, f"{resource}_usage"))
        refuse_above(
            usage[:, np.newaxis],
            np.where(np.isnan(size), np.inf, size),
            limit,
            lambda row: self.place(row, f"{resource}_usage"),
            f"usage and size in {UNITS[resource]}; trace.json names the unit of a VM's cpu usage",
        )

    def _plausible(self, resource: str, limit: float) -> bool:
        """Whether nothing can be wrong, judged fast; if not, somebody has to look for the place."""
        size, usage = pl.col(resource), pl.col(f"{resource}_usage")
        fine = (size.min() >= 0) & size.max().is_finite() & (usage.min() >= 0)
        return self._frame.select(fine & ~(usage > limit * size).any()).item() is True

    def unknown(self, resource: str) -> tuple[int, int]:
        """First row of an owner that starts without a known size, and how many such there are."""
        heads = self._heads[:-1]
        missing = heads[np.isnan(self._numbers(resource)[heads])]
        return (int(missing[0]) if missing.size else 0), int(missing.size)

    def cuts(self, *, everywhere: bool) -> Iterator[Cut]:
        """The windows in order of time.

        Args:
            everywhere: whether an owner has a row in every window; otherwise it lives from its
                first row to its last.
        """
        return self._complete() if self._is_complete else self._scattered(everywhere=everywhere)

    @cached_property
    def _is_complete(self) -> bool:
        """Whether every owner has every sample, so that cutting is a matter of shape."""
        cells = self.grid.windows * self.grid.samples
        if self._frame.height != len(self) * cells or not cells:
            return False
        if any(np.isnan(self._numbers(resource)).any() for resource in RESOURCES):
            return False
        times = self._frame["time"].to_numpy().reshape(-1, cells)
        wanted = self.grid.origin + np.arange(cells) * self.grid.interval
        if np.array_equal(wanted, wanted.astype(times.dtype)):
            wanted = wanted.astype(times.dtype)  # comparing like with like is faster
        return np.array_equal(self._heads, np.arange(len(self) + 1) * cells) and bool(
            (times == wanted).all()
        )

    def _complete(self) -> Iterator[Cut]:
        ids = np.arange(len(self))
        shape = (len(self), self.grid.windows, self.grid.samples)
        size = {r: self._numbers(r).reshape(shape) for r in RESOURCES}
        usage = {r: self._numbers(f"{r}_usage").reshape(shape) for r in RESOURCES}
        for number in range(self.grid.windows):
            yield Cut(
                ids,
                {r: size[r][:, number, -1].astype(np.float64) for r in RESOURCES},
                {r: usage[r][:, number].astype(np.float64) for r in RESOURCES},
            )

    def _scattered(self, *, everywhere: bool) -> Iterator[Cut]:
        owner = np.repeat(np.arange(len(self)), np.diff(self._heads))
        window, sample = np.divmod(self._cell, self.grid.samples)
        first, last = window[self._heads[:-1]], window[self._heads[1:] - 1]
        # Sorting by window keeps the order of owners and time within each.
        order = np.argsort(window, kind="stable")
        bounds = np.searchsorted(window[order], np.arange(self.grid.windows + 1))
        size = {r: self._numbers(r) for r in RESOURCES}
        usage = {r: self._numbers(f"{r}_usage") for r in RESOURCES}
        # A node that has not reported yet has nothing to offer; a VM of unknown size is not small.
        known = {r: np.full(len(self), 0.0 if everywhere else np.nan) for r in RESOURCES}
        for number in range(self.grid.windows):
            rows = order[bounds[number] : bounds[number + 1]]
            alive = everywhere | ((first <= number) & (number <= last))
            ids = np.flatnonzero(np.broadcast_to(alive, len(self)))
            place = np.searchsorted(ids, owner[rows]), sample[rows]
            dense = {}
            for r in RESOURCES:
                given = ~np.isnan(size[r][rows])
                known[r][owner[rows[given]]] = size[r][rows[given]]  # the last one stays
                dense[r] = np.full((ids.size, self.grid.samples), np.nan)
                dense[r][place] = usage[r][rows]
            yield Cut(ids, {r: known[r][ids] for r in RESOURCES}, dense)

    def _check_columns(self, frame: pl.DataFrame, keys: Sequence[str]) -> None:
        wanted = (*keys, "time", *RESOURCES, *(f"{r}_usage" for r in RESOURCES))
        for column in wanted:
            if column not in frame.columns:
                raise TraceError("is missing", where=f"{self.where}: {column}")
            if column not in keys and not frame[column].dtype.is_numeric():
                raise TraceError(
                    f"is {frame[column].dtype}", where=f"{self.where}: {column}", remedy="a number"
                )
        for column in (*keys, "time"):
            if frame[column].has_nulls():
                row = frame[column].is_null().arg_max()
                raise TraceError("is null", where=f"{self.where}: row {row}: {column}")

    def _cells(self) -> Ints:
        """Which sample of the grid each row is."""
        time = self._frame["time"].cast(pl.Float64).to_numpy()
        place = np.floor((time - self.grid.origin) / self.grid.interval + 1e-6)
        inside = (time >= self.grid.origin - 1e-6) & (time < self.grid.end)
        if not inside.all():
            row = int(np.flatnonzero(~inside)[0])
            raise TraceError(
                f"{time[row]:g} is not in the trace",
                where=self.place(row, "time"),
                remedy=f"from {self.grid.origin:g} to before {self.grid.end:g}",
            )
        cell = place.astype(np.int64)
        step = np.diff(cell)
        step[self._heads[1:-1] - 1] = 1
        if step.size and step.min() <= 0:
            row = int(np.flatnonzero(step <= 0)[0]) + 1
            if np.any(step < 0):
                raise TraceError(
                    "rows are not sorted by time",
                    where=self.place(row, "time"),
                    remedy="sort them",
                )
            raise TraceError(
                f"a second sample in the interval of {self.grid.interval:g} s",
                where=self.place(row, "time"),
                remedy="one row for each interval",
            )
        return cell

    def _numbers(self, column: str) -> NDArray[Any]:
        """A column as floats of its own width, NaN for null."""
        series = self._frame[column]
        if not series.dtype.is_float():
            series = series.cast(pl.Float64)
        return series.fill_null(np.nan).to_numpy() if series.has_nulls() else series.to_numpy()

    def place(self, row: int, column: str) -> str:
        """The name of a cell in messages."""
        keys = ", ".join(
            f"{key} {value}"
            for key, value in self._frame.row(row, named=True).items()
            if key in (*self.owners.columns, "time")
        )
        return f"{self.where}: {keys}: {column}"


def _heads(frame: pl.DataFrame, keys: Sequence[str]) -> Ints:
    """Index of the first row of each owner."""
    if not frame.height:
        return np.empty(0, np.int64)
    changes = pl.any_horizontal(pl.col(key) != pl.col(key).shift() for key in keys)
    return np.append(0, frame.select(changes.fill_null(value=False)).to_series().arg_true())
