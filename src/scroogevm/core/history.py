"""The input of a strategy: the kept windows of one slice and one resource, and its memo."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.cached import computed_once
from scroogevm.core.statistics import (
    Ranked,
    mean,
    percentile_of_largest,
    ranks_above,
    std,
)
from scroogevm.core.vm_history import Trail
from scroogevm.core.window import VMs, Window, take

Memo = Mapping[str, Floats]
"""The arrays over nodes that a strategy gets back with the next window of the same slice."""

NO_MEMO: Memo = MappingProxyType({})

Pool = Mapping[str, NDArray[Any]]
"""What a strategy knows of all nodes together; it gets this back with the next window."""

NO_POOL: Pool = MappingProxyType({})


@dataclass(frozen=True, eq=False)
class History:
    """The kept windows of one slice, one resource, oldest first, the one just closed last.

    Attributes:
        earlier: up to ``kept`` windows of the same slice before the new one.
        new: the window just closed.
        kept: K, the number of windows that a strategy joins, including the new one.
        memo: what the strategy returned at the previous window of this slice; empty at first.
        trail: the last samples of the VMs of ``new``; None when no strategy asked for any.
        future: the next windows, of every slice, nearest first; empty outside a replay.
        slices: slices in a scope: the next window of this slice is ``future[slices - 1]``.
        names: of the nodes.
        end: seconds at which the new window closed, on the clock of its source.
        seconds: length of a slice.
        number: count of the occurrence just closed, from 0.
        numbers: count of the occurrence of each window of ``earlier``.
        since: (vms,), first occurrence from which each VM of ``new`` is on its node without a
            break; None if every VM is as old as its first window.
        lowest: the lowest percentile of VMs that the earlier windows can give; None for none.
        pool: what the strategy knows of all nodes together.
        shared: values that were computed once from these windows, for all strategies.
    """

    earlier: Sequence[Window]
    new: Window
    kept: int
    memo: Memo = field(default_factory=dict)
    trail: Trail | None = None
    future: Sequence[Window] = ()
    slices: int = 1
    names: Sequence[str] = ()
    end: float = 0.0
    seconds: float = 0.0
    number: int = 0
    numbers: Sequence[int] = ()
    since: Ints | None = None
    lowest: float | None = 0.0
    pool: Pool = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return self.new.nodes

    @property
    def capacity(self) -> Floats:
        """Capacity of each node, (nodes,)."""
        return self.new.capacity

    @property
    def allocated(self) -> Floats:
        """Allocation of the VMs on each node, (nodes,)."""
        return self.new.allocated

    @property
    def vms(self) -> VMs:
        """The VMs of the new window."""
        return self.new.vms

    @computed_once
    def windows(self) -> Sequence[Window]:
        """The K kept windows (fewer at the start), the new one last."""
        return (*self.earlier, self.new)[-self.kept :]

    @computed_once
    def full(self) -> Bools:
        """Whether K windows with samples were kept before the new one, (nodes,)."""
        if len(self.earlier) < self.kept:
            return np.zeros(self.nodes, np.bool_)
        present = [window.present > 0 for window in self.earlier[-self.kept :]]
        return np.asarray(np.logical_and.reduce(present))

    @computed_once
    def usage(self) -> Floats:
        """``x``: the samples of the kept windows, joined, (nodes, samples)."""
        return np.concatenate([window.usage for window in self.windows], axis=1)

    @computed_once
    def earlier_usage(self) -> Floats:
        """The samples of the windows before the new one, joined, (nodes, samples)."""
        if not self.earlier:
            return np.empty((self.nodes, 0))
        return np.concatenate([window.usage for window in self.earlier], axis=1)

    @computed_once
    def mean(self) -> Floats:
        """Mean of ``x``, (nodes,)."""
        return mean(self.usage)

    @computed_once
    def std(self) -> Floats:
        """Population standard deviation of ``x``, (nodes,)."""
        return std(self.usage)

    @computed_once
    def ranked(self) -> Ranked:
        """``x`` in order."""
        return Ranked.of(self.usage)

    def remembered(self, name: str, first: Floats | float) -> Floats:
        """The array of this name in the memo, (nodes,); ``first`` for nodes without one."""
        array = self.memo.get(name)
        if array is None:
            return np.broadcast_to(np.asarray(first, np.float64), (self.nodes,)).copy()
        return np.where(np.isnan(array), first, array)

    @computed_once
    def _rows(self) -> Sequence[Ints]:
        """For each kept window, the row there of each VM of the new window, -1 where absent.

        A VM that left and returned is new: windows before its return do not count.
        """
        rows = [window.vms.find(self.vms.ids) for window in self.windows]
        if self.since is None:
            return rows
        numbers = (*self.numbers, self.number)[-self.kept :]
        return [
            np.where(self.since <= number, row, -1)
            for number, row in zip(numbers, rows, strict=True)
        ]

    @computed_once
    def vm_windows(self) -> Ints:
        """Number of kept windows in which each VM of the new window lived, (vms,)."""
        return np.asarray(np.sum([rows >= 0 for rows in self._rows], axis=0, dtype=np.int64))

    def vm_percentile(self, p: float) -> Floats:
        """Percentile ``p`` of each VM's samples of the kept windows, (vms,); NaN without samples.

        Each window is sorted only once. Later, only the samples that can change this percentile are
        read again.

        Raises:
            ValueError: the strategy has not declared that it reads this percentile.
        """
        if self.lowest is None or p < self.lowest:
            raise ValueError(f"percentile {p:g} of VMs: not in vm_percentile of the strategy")
        key = f"percentile {p} of each VM"
        if key not in self.shared:
            self.shared[key] = self._vm_percentile(p)
        percentile: Floats = self.shared[key]
        return percentile

    def _vm_percentile(self, p: float) -> Floats:
        parts = [window.vms.ranked for window in self.windows]
        needed = ranks_above(p, sum(part.width for part in parts))
        columns = [
            take(part.largest(needed), rows, -np.inf)
            for part, rows in zip(parts, self._rows, strict=True)
        ]
        present = np.sum(
            [take(part.present, rows, 0) for part, rows in zip(parts, self._rows, strict=True)],
            axis=0,
        )
        largest = np.concatenate(columns, axis=1)
        largest.sort(axis=1)
        largest = largest[:, max(0, largest.shape[1] - needed) :]
        return percentile_of_largest(largest, present, p)
