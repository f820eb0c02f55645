"""Builds rows from blocks: allocates room for all, then unpacks each block to its place."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints, Singles
from scroogevm.core.samples import NODE, VM, Recorded, Rows
from scroogevm.stores._embedded.blob import DamagedError
from scroogevm.stores._embedded.block import StoreBlock


@dataclass(frozen=True, eq=False)
class Found:
    """The samples of one node.

    Attributes:
        node: its name.
        blocks: in order of time, each time once; at least one.
    """

    node: str
    blocks: Sequence[StoreBlock]

    @cached_property
    def times(self) -> Floats:
        """(times,), in seconds."""
        return np.concatenate([block.times for block in self.blocks]) / 1000

    @cached_property
    def dense(self) -> bool:
        """Whether the same VMs were there all the time, so that all numbers are used."""
        vms = self.blocks[0].layout.vms
        return all(block.present is None and block.layout.vms == vms for block in self.blocks)

    @cached_property
    def vms(self) -> Sequence[str]:
        """Names of the VMs that were there, sorted."""
        if self.dense:
            return self.blocks[0].layout.vms
        there = {
            vm
            for block in self.blocks
            for vm, seen in zip(block.layout.vms, block.seen, strict=True)
            if seen
        }
        return sorted(there)

    @cached_property
    def counts(self) -> Ints:
        """(vms, blocks), how often each VM was there."""
        if self.dense:
            lengths = [block.times.size for block in self.blocks]
            return np.broadcast_to(np.array(lengths), (len(self.vms), len(lengths)))
        counts = np.zeros((len(self.vms), len(self.blocks)), np.int64)
        rank = {vm: number for number, vm in enumerate(self.vms)}
        for number, block in enumerate(self.blocks):
            for vm, seen in zip(block.layout.vms, block.seen, strict=True):
                if seen:
                    counts[rank[vm], number] = seen
        return counts

    def vm_times(self, out: Floats) -> None:
        """Put the times of all VMs of this node into their places, (rows,)."""
        if self.dense:
            out.reshape(len(self.vms), self.times.size)[:] = self.times
            return
        for block, there, target in self._targets:
            out[target] = np.broadcast_to(block.times / 1000, there.shape)[there]

    def vm_column(self, quantity: str, out: Singles) -> None:
        """Put a quantity of all VMs of this node into its place, (rows,).

        Raises:
            DamagedError: the bytes are damaged.
        """
        if self.dense:
            table = out.reshape(len(self.vms), self.times.size)
            end = 0
            for block in self.blocks:
                start, end = end, end + block.times.size
                block.fill(quantity, table[:, start:end])
            return
        for block, there, target in self._targets:
            out[target] = block.column(quantity)[there]

    @cached_property
    def _targets(self) -> Sequence[tuple[StoreBlock, Bools, Ints]]:
        """For each block, the numbers that count, and their places."""
        counts = self.counts
        starts = (np.cumsum(counts) - counts.ravel()).reshape(counts.shape)
        shifts = starts - (np.cumsum(counts, axis=0) - counts)
        return [
            (
                block,
                block.presence,
                np.repeat(shifts[:, number], counts[:, number])
                + np.arange(counts[:, number].sum()),
            )
            for number, block in enumerate(self.blocks)
        ]


def recorded(found: Sequence[Found], quantities: Sequence[str]) -> Recorded:
    """Everything that was found as rows; ``found`` is sorted by name."""
    return Recorded(
        _nodes(found, [name for name in quantities if name in NODE]),
        _vms(found, [name for name in quantities if name in VM]),
    )


def _nodes(found: Sequence[Found], quantities: Sequence[str]) -> Rows:
    if not found:
        return Rows.none(quantities)
    blocks = [block for one in found for block in one.blocks]
    return Rows(
        [(one.node,) for one in found],
        np.repeat(np.arange(len(found)), [one.times.size for one in found]),
        np.concatenate([one.times for one in found]),
        {
            name: np.concatenate([_node_column(block, name) for block in blocks])
            for name in quantities
        },
    )


def _vms(found: Sequence[Found], quantities: Sequence[str]) -> Rows:
    owners = [(one.node, vm) for one in found for vm in one.vms]
    if not owners:
        return Rows.none(quantities)
    counts = np.concatenate([one.counts.sum(axis=1) for one in found])
    owner = np.repeat(np.arange(len(owners)), counts)
    time = np.empty(owner.size)
    values: dict[str, Any] = {name: np.empty(owner.size, np.float32) for name in quantities}
    end = 0
    for one in found:
        start, end = end, end + int(one.counts.sum())
        one.vm_times(time[start:end])
        try:
            for name in quantities:
                one.vm_column(name, values[name][start:end])
        except DamagedError as error:
            raise DamagedError(f"node {one.node!r}: {error}") from None
    return Rows(owners, owner, time, values)


def _node_column(block: StoreBlock, quantity: str) -> Singles:
    column = block.node_column(quantity)
    return np.full(block.times.size, np.nan, np.float32) if column is None else column
