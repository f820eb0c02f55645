"""One closed slice: arrays over the nodes of a chunk, and over their VMs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TypeVar

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.statistics import Ranked, aggregate, count, maximum, mean, std

Array = TypeVar("Array", Floats, Ints)


def find(among: Ints, ids: Ints, order: Ints | None = None) -> Ints:
    """Position of each of ``ids`` in ``among``, -1 if it is absent; each number occurs once.

    Args:
        among: in any order.
        ids: likewise.
        order: that sorts ``among``, if it is already known.

    >>> find(np.array([7, 2, 5]), np.array([5, 6])).tolist()
    [2, -1]
    """
    if ids is among or np.array_equal(ids, among):
        return np.arange(ids.size)
    if not among.size:
        return np.full(ids.size, -1)
    order = np.argsort(among) if order is None else order
    place = np.minimum(np.searchsorted(among, ids, sorter=order), among.size - 1)
    position = order[place]
    return np.where(among[position] == ids, position, -1)


def take(values: Array, rows: Ints, absent: float) -> Array:
    """``values[rows]`` along the first axis; ``absent`` if the row is -1."""
    if np.array_equal(rows, np.arange(values.shape[0])):
        return values
    shape = (rows.size, *values.shape[1:])
    if not values.shape[0]:
        return np.full(shape, absent, values.dtype)
    taken = values[rows]
    taken[rows < 0] = absent
    return taken


@dataclass(frozen=True, eq=False)
class VMs:
    """The VMs that lived on the nodes of a window, one resource.

    Attributes:
        ids: (vms,), each number once; the same number is the same name on the same node in every
            window of a run.
        node: (vms,), index of the node of each VM; ascending in canonical order.
        allocated: (vms,), allocation of each VM: cores or MiB.
        usage: (vms, samples), usage of each VM, same unit; NaN if missing.
        peaks: the largest samples of each VM, if only these are kept; then ``usage`` is empty.
    """

    ids: Ints
    node: Ints
    allocated: Floats
    usage: Floats
    peaks: Ranked | None = None

    @classmethod
    def none(cls) -> "VMs":
        """VMs without any VM."""
        empty = np.empty(0, np.int64)
        return cls(empty, empty, np.empty(0), np.empty((0, 0)))

    @cached_property
    def ranked(self) -> Ranked:
        """The sorted samples of each VM; sorted once."""
        return Ranked.of(self.usage) if self.peaks is None else self.peaks

    @cached_property
    def capped(self) -> Floats:
        """Usage up to the allocation, (vms, samples)."""
        return np.minimum(self.usage, self.allocated[:, np.newaxis])

    def per_node(self, values: Floats, nodes: int) -> Floats:
        """Sum ``values`` (vms,) over the VMs of each node, (nodes,)."""
        return np.bincount(self.node, weights=values, minlength=nodes).astype(np.float64)

    def sum_rows(self, values: Floats, nodes: int) -> Floats:
        """Sum the rows of ``values`` (vms, n) over the VMs of each node, (nodes, n)."""
        total = np.zeros((nodes, values.shape[1]))
        if not self.node.size:
            return total
        order = np.argsort(self.node, kind="stable")
        node = self.node[order]
        starts = np.flatnonzero(np.r_[True, node[1:] != node[:-1]])
        if np.any(order[1:] < order[:-1]):
            values = values[order]
        total[node[starts]] = np.add.reduceat(values, starts, axis=0)
        return total

    def total(self, nodes: int) -> Floats:
        """Usage of the VMs of each node together, each up to its allocation, (nodes, samples).

        NaN if a node has VMs and none of them has a sample. Computed once.
        """
        known: dict[int, Floats] = self.__dict__.setdefault("_total", {})
        if nodes not in known:
            known[nodes] = self._sum(nodes)
        return known[nodes]

    def _sum(self, nodes: int) -> Floats:
        missing = np.isnan(self.capped)
        if not missing.any():
            return self.sum_rows(self.capped, nodes)
        present = self.sum_rows(np.where(missing, 0.0, 1.0), nodes)
        inhabited = np.bincount(self.node, minlength=nodes)[:, np.newaxis] > 0
        total = self.sum_rows(np.where(missing, 0.0, self.capped), nodes)
        return np.where(inhabited & (present == 0), np.nan, total)

    def only(self, which: Bools | Ints) -> "VMs":
        """The VMs at some positions."""
        peaks = None if self.peaks is None else self.peaks.only(which)
        return VMs(
            self.ids[which], self.node[which], self.allocated[which], self.usage[which], peaks
        )

    def on(self, rows: Ints) -> tuple[Ints, Ints]:
        """The VMs of some nodes, in the order of those nodes.

        Args:
            rows: (nodes,), the row here of each node there, -1 for a node that is not here.

        Returns:
            The position here of each of these VMs, and its node in the new order.
        """
        place = np.full(1 + max(rows.max(initial=-1), self.node.max(initial=-1)), -1)
        place[rows[rows >= 0]] = np.flatnonzero(rows >= 0)
        node = place[self.node]
        order = np.argsort(node, kind="stable")
        order = order[node[order] >= 0]
        return order, node[order]

    def moved(self, rows: Ints) -> "VMs":
        """The VMs of some nodes, likewise."""
        order, node = self.on(rows)
        return replace(self.only(order), node=node)

    @property
    def unsampled(self) -> "VMs":
        """The same VMs without their samples."""
        return replace(self, usage=np.empty((self.ids.size, 0)), peaks=None)

    def only_largest(self, size: int) -> "VMs":
        """The same VMs with only their ``size`` largest samples."""
        return replace(self.unsampled, peaks=self.ranked.only_largest(size))

    def find(self, ids: Ints) -> Ints:
        """Row here of each VM of ``ids``; -1 if it is absent."""
        return find(self.ids, ids, self._order)

    @cached_property
    def _order(self) -> Ints:
        """The order that sorts the numbers."""
        return np.argsort(self.ids)


@dataclass(frozen=True, eq=False)
class Window:
    """One closed slice, one resource.

    Attributes:
        usage: (nodes, samples), usage of each node: cores or MiB; NaN if missing.
        capacity: (nodes,), of each node.
        allocated: (nodes,), allocation of the VMs on it.
        vms: the VMs on these nodes.
        aggregation: number of consecutive samples that are averaged for the statistics below.
    """

    usage: Floats
    capacity: Floats
    allocated: Floats
    vms: VMs
    aggregation: int = 1

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return int(self.capacity.size)

    @cached_property
    def aggregated(self) -> Floats:
        """The samples that statistics use, (nodes, groups)."""
        return aggregate(self.usage, self.aggregation)

    @cached_property
    def present(self) -> Ints:
        """Number of samples of each node, (nodes,)."""
        return count(self.usage)

    @cached_property
    def mean(self) -> Floats:
        """Mean of the aggregated samples, (nodes,)."""
        return mean(self.aggregated)

    @cached_property
    def std(self) -> Floats:
        """Population standard deviation of the aggregated samples, (nodes,)."""
        return std(self.aggregated)

    @cached_property
    def maximum(self) -> Floats:
        """Largest aggregated sample, (nodes,)."""
        return maximum(self.aggregated)

    @cached_property
    def ranked(self) -> Ranked:
        """The aggregated samples in order."""
        return Ranked.of(self.aggregated)

    @cached_property
    def p99(self) -> Floats:
        """Percentile 99 of the aggregated samples, (nodes,): the peak that scores use."""
        return self.ranked.percentile(99)

    def moved(self, rows: Ints) -> "Window":
        """The window of some nodes, in their order.

        Args:
            rows: (nodes,), the row here of each node; a node of row -1 is unknown: it has no
                sample, no capacity and no VM.
        """
        return Window(
            take(self.usage, rows, np.nan),
            take(self.capacity, rows, 0.0),
            take(self.allocated, rows, 0.0),
            self.vms.moved(rows),
            self.aggregation,
        )

    def with_vms(self, vms: VMs) -> "Window":
        """The same window with other VMs; values that were computed are kept.

        Args:
            vms: its VMs as they are to be kept.
        """
        other = replace(self, vms=vms)
        other.__dict__.update({k: v for k, v in self.__dict__.items() if k != "vms"})
        return other


@dataclass(frozen=True, eq=False)
class Occurrence:
    """One closed slice of a chunk of nodes, all resources.

    Attributes:
        number: count of slices since the start, from 0.
        slice: position of this slice in its scope, from 0.
        end: seconds at which it closed, on the clock of its source.
        nodes: names of the nodes, the same in every occurrence of a chunk.
        windows: the window of each resource, by name (``cpu`` in cores, ``mem`` in MiB).
        vm_names: name of every VM id the source has given out so far.
        signals: contention and health of each node, (nodes,), by name of ``samples.SIGNALS``; NaN
            if unknown, like an absent signal.
    """

    number: int
    slice: int
    end: float
    nodes: Sequence[str]
    windows: Mapping[str, Window]
    vm_names: Sequence[str]
    signals: Mapping[str, Floats] = field(default_factory=dict)
