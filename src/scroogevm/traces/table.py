"""Cuts one table of a trace, of nodes or of VMs, into windows for a block of time."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.errors import TraceError
from scroogevm.ports import RESOURCES, UNITS
from scroogevm.traces.checks import refuse_above, refuse_negative
from scroogevm.windows.grid import Grid
from scroogevm.windows.presence import Presence


@dataclass(frozen=True, eq=False)
class Cut:
    """The rows of one window.

    Attributes:
        ids: (rows,), position among the owners, ascending.
        size: by resource, (rows,): the last capacity or allocation known.
        usage: by resource, (rows, samples), NaN where missing.
    """

    ids: Ints
    size: Mapping[str, Floats]
    usage: Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class Owners:
    """Nodes, or VMs, of which a table has some: what is known of them goes from block to block.

    Attributes:
        position: (owners of the table,), place of each among these.
        known: by resource, (owners,): the last size, NaN where none was told.
        presence: who is there.
        listed: (windows of the block, owners): where samples list the VMs of its node.
    """

    position: Ints
    known: Mapping[str, Floats]
    presence: Presence
    listed: Bools


class TraceTable:
    """The rows of a block of time, sorted by owner (node, or node and VM), then time.

    Args:
        frame: the columns of ``tables.NODES`` or ``tables.VMS``.
        keys: the columns that name an owner.
        grid: where its samples stand.
        where: what to call the table in messages.

    Raises:
        TraceError: a column is missing or no number, a row is there twice or off the grid.
    """

    def __init__(self, frame: pl.DataFrame, keys: Sequence[str], grid: Grid, where: str) -> None:
        self.grid = grid
        self.where = where
        self._check_columns(frame, keys)
        heads = _heads(frame, keys)
        if frame[heads].select(keys).is_duplicated().any():  # the rows of an owner lie apart
            frame = frame.with_columns(pl.col(keys).cast(pl.String)).sort(*keys, "time")
            heads = _heads(frame, keys)
        self._frame = frame
        self._heads = np.append(heads, frame.height)
        self.owners = frame[heads].select(pl.col(keys).cast(pl.String))
        if not self._is_complete:
            _ = self._cell  # what does not stand on the grid is refused at once

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

    def unknown(self, resource: str, which: Bools) -> tuple[int, int]:
        """First row of an owner that starts without a known size, and how many such there are.

        Args:
            resource: the one to look at.
            which: (owners,), those that start here.
        """
        heads = self._heads[:-1][which]
        missing = heads[np.isnan(self._numbers(resource)[heads])]
        return (int(missing[0]) if missing.size else 0), int(missing.size)

    def counts(self, owner: Ints, owners: int) -> Ints:
        """Rows in each window that belong to some groups of owners, (windows, groups).

        Args:
            owner: (owners,), the group of each.
            owners: number of groups.
        """
        windows = self.grid.windows
        if self._is_complete:
            one = np.bincount(owner, minlength=owners) * self.grid.samples
            return np.broadcast_to(one, (windows, owners)).astype(np.int64)
        groups = np.repeat(owner, np.diff(self._heads))
        flat = (self._window * owners + groups)[self._window < windows]
        return np.bincount(flat, minlength=windows * owners).reshape(windows, owners)

    def spread(self, column: str, position: Ints, owners: int) -> Floats:
        """A column on the grid, (owners, windows, samples); NaN if there is no row."""
        windows, samples = self.grid.windows, self.grid.samples
        spread = np.full((owners, windows * samples), np.nan)
        values = self._numbers(column)
        if self._is_complete:
            spread[position] = values.reshape(len(self), -1)
        else:
            whole = self._window < windows
            spread[np.repeat(position, np.diff(self._heads))[whole], self._cell[whole]] = values[
                whole
            ]
        return spread.reshape(owners, windows, samples)

    def has(self, column: str) -> bool:
        """Whether there is such a column."""
        return column in self._frame.columns

    def cuts(self, owners: Owners) -> Iterator[Cut]:
        """The windows in order of time."""
        everyone = np.arange(owners.presence.here.size)
        complete = self._is_complete and np.array_equal(owners.position, everyone)
        return self._complete(owners) if complete else self._scattered(owners)

    @cached_property
    def _is_complete(self) -> bool:
        """Whether every owner has every sample, so that cutting is a matter of shape."""
        cells = self.grid.windows * self.grid.samples
        if self._frame.height != len(self) * cells or not self._frame.height:
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

    def _complete(self, owners: Owners) -> Iterator[Cut]:
        ids = np.arange(len(self))
        shape = (len(self), self.grid.windows, self.grid.samples)
        size = {r: self._numbers(r).reshape(shape) for r in RESOURCES}
        usage = {r: self._numbers(f"{r}_usage").reshape(shape) for r in RESOURCES}
        owners.presence.here[:] = True
        for r in RESOURCES:
            owners.known[r][:] = size[r][:, -1, -1]
        for number in range(self.grid.windows):
            yield Cut(
                ids,
                {r: size[r][:, number, -1].astype(np.float64) for r in RESOURCES},
                {r: usage[r][:, number].astype(np.float64) for r in RESOURCES},
            )

    def _scattered(self, owners: Owners) -> Iterator[Cut]:
        owner = np.repeat(owners.position, np.diff(self._heads))
        sample = self._cell - self._window * self.grid.samples
        # Sorting by window keeps the order of owners and time within each.
        order = np.argsort(self._window, kind="stable")
        bounds = np.searchsorted(self._window[order], np.arange(self.grid.windows + 1))
        size = {r: self._numbers(r) for r in RESOURCES}
        usage = {r: self._numbers(f"{r}_usage") for r in RESOURCES}
        known, everyone = owners.known, owners.presence.here.size
        for number in range(self.grid.windows):
            rows = order[bounds[number] : bounds[number + 1]]
            seen = np.zeros(everyone, np.bool_)
            seen[owner[rows]] = True
            ids = np.flatnonzero(owners.presence.then(seen, owners.listed[number]))
            place = np.searchsorted(ids, owner[rows]), sample[rows]
            dense = {}
            for r in RESOURCES:
                given = ~np.isnan(size[r][rows])
                known[r][owner[rows[given]]] = size[r][rows[given]]  # the last one stays
                dense[r] = np.full((ids.size, self.grid.samples), np.nan)
                dense[r][place] = usage[r][rows]
            yield Cut(ids, {r: known[r][ids] for r in RESOURCES}, dense)

    @cached_property
    def _window(self) -> Ints:
        """(rows,), the window of each row."""
        return self._cell // self.grid.samples

    def _check_columns(self, frame: pl.DataFrame, keys: Sequence[str]) -> None:
        wanted = (*keys, "time", *RESOURCES, *(f"{r}_usage" for r in RESOURCES))
        for column in wanted:
            if column not in frame.columns:
                raise TraceError("is missing", where=f"{self.where}: {column}")
        for column in frame.columns:
            kind = frame[column].dtype
            if column not in keys and not (kind.is_numeric() or kind == pl.Null):
                raise TraceError(
                    f"is {frame[column].dtype}", where=f"{self.where}: {column}", remedy="a number"
                )
        for column in (*keys, "time"):
            if frame[column].has_nulls():
                row = frame[column].is_null().arg_max()
                raise TraceError("is null", where=f"{self.where}: row {row}: {column}")

    @cached_property
    def _cell(self) -> Ints:
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
                f"a second sample in one interval of {self.grid.interval:g} s",
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
