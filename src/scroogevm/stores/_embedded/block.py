"""Some samples of one node, as columns."""

import struct
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from typing import NamedTuple

import numpy as np

from scroogevm.core.arrays import Bools, Ints, Singles
from scroogevm.stores._embedded.blob import (
    DamagedError,
    pack_matrix,
    seal,
    see,
    unpack_matrix,
    unseal,
)
from scroogevm.stores._embedded.layout import SampleLayout

_FIRST = struct.Struct("<q")


@dataclass(frozen=True, eq=False)
class StoreBlock:
    """Some samples of one node, in order of time.

    Attributes:
        times: (times,), milliseconds since 1970, strictly ascending.
        layout: of all of them together.
        present: (vms, times), whether a VM was there; None when all always were.
        node: (node quantities, times).
        vms: by quantity, (vms, times), or packed; a quantity that is absent was not read.
        length: how many times a packed quantity has.
        part: which of those times are meant.
    """

    times: Ints
    layout: SampleLayout
    present: Bools | None
    node: Singles
    vms: Mapping[str, Singles | bytes]
    length: int
    part: slice

    @property
    def first(self) -> int:
        """Its first time."""
        return int(self.times[0])

    @property
    def last(self) -> int:
        """Its last time."""
        return int(self.times[-1])

    @property
    def presence(self) -> Bools:
        """(vms, times), whether a VM was there."""
        if self.present is None:
            return np.ones((len(self.layout.vms), self.times.size), np.bool_)
        return self.present

    @property
    def seen(self) -> Sequence[int]:
        """Number of times at which each VM was there."""
        if self.present is None:
            return [self.times.size] * len(self.layout.vms)
        counts: list[int] = np.count_nonzero(self.present, axis=1).tolist()
        return counts

    def fill(self, quantity: str, out: Singles) -> None:
        """Put a quantity into its place, with NaN if it is missing.

        Args:
            quantity: of its VMs.
            out: (vms, times), in any array whose rows are contiguous.

        Raises:
            DamagedError: the bytes are damaged.
        """
        column = self.vms.get(quantity)
        if isinstance(column, bytes):
            unpack_matrix(column, self.length, self.part, out)
        else:
            out[:] = np.nan if column is None else column

    def column(self, quantity: str) -> Singles:
        """(vms, times) of a quantity, NaN if it is missing."""
        out = np.empty((len(self.layout.vms), self.times.size), np.float32)
        self.fill(quantity, out)
        return out

    def node_column(self, quantity: str) -> Singles | None:
        """(times,) of a quantity of the node; None when nothing of it is there."""
        if quantity not in self.layout.node_quantities:
            return None
        column: Singles = self.node[self.layout.node_quantities.index(quantity)]
        return column

    def within(self, since: float, until: float) -> "StoreBlock":
        """The samples in ``since <= time < until``, in seconds."""
        if since <= self.first / 1000 and self.last / 1000 < until:
            return self
        seconds = self.times / 1000
        low, high = np.searchsorted(seconds, (since, until)).tolist()
        part = slice(low, max(low, high))
        return replace(
            self,
            times=self.times[part],
            present=None if self.present is None else self.present[:, part],
            node=self.node[:, part],
            vms={
                name: column if isinstance(column, bytes) else column[:, part]
                for name, column in self.vms.items()
            },
            part=part,
        )


class Packed(NamedTuple):
    """A block as it is kept."""

    head: bytes
    columns: Mapping[str, bytes]


def pack_block(block: StoreBlock) -> Packed:
    """A block, of no more than days, as bytes."""
    present = b"" if block.present is None else zlib.compress(np.packbits(block.present).data, 1)
    content = _FIRST.pack(block.first)
    content += (block.times - block.first).astype("<i4").tobytes()
    content += np.ascontiguousarray(block.node, "<f4").tobytes() + present
    return Packed(
        seal(content),
        {name: pack_matrix(block.column(name)) for name in block.layout.vm_quantities},
    )


def unpack_block(
    head: bytes, times: int, layout: SampleLayout, columns: Mapping[str, Singles | bytes]
) -> StoreBlock:
    """The block that was packed.

    Args:
        head: as packed.
        times: how many samples it has.
        layout: its layout.
        columns: those that are wanted, as packed.

    Raises:
        DamagedError: the bytes are damaged.
    """
    content = unseal(head)
    quantities, present = len(layout.node_quantities), None
    split = _FIRST.size + 4 * times
    end = split + 4 * quantities * times
    try:
        first = np.int64(_FIRST.unpack_from(content)[0])
        stamps = np.frombuffer(content, "<i4", times, _FIRST.size) + first
        node = np.frombuffer(content[split:end], "<f4").reshape(quantities, times)
        if len(content) > end:
            bits = np.frombuffer(zlib.decompress(content[end:]), np.uint8)
            shape = len(layout.vms), times
            present = np.unpackbits(bits, count=shape[0] * times).reshape(shape).view(np.bool_)
    except (ValueError, zlib.error, struct.error) as error:
        raise DamagedError(str(error)) from None
    return StoreBlock(stamps, layout, present, node, columns, times, slice(None))


def recent_block(times: Sequence[int], layout: SampleLayout, blobs: Sequence[bytes]) -> StoreBlock:
    """Samples of one layout, each as it was packed.

    Raises:
        DamagedError: the bytes are damaged.
    """
    see(blobs)
    length, vms = len(times), len(layout.vms)
    try:
        numbers = np.frombuffer(b"".join(blobs), "<f4").reshape(length, layout.numbers + 1)
    except ValueError as error:
        raise DamagedError(str(error)) from None
    node, rest, _ = np.split(numbers, [len(layout.node_quantities), layout.numbers], axis=1)
    cube = rest.reshape(length, len(layout.vm_quantities), vms).transpose(1, 2, 0)
    columns: dict[str, Singles | bytes] = dict(zip(layout.vm_quantities, cube, strict=True))
    stamps = np.array(times, np.int64)
    return StoreBlock(stamps, layout, None, node.T, columns, length, slice(None))


def merge(blocks: Sequence[StoreBlock]) -> StoreBlock:
    """Several blocks of a node as one; of a time that is in two of them, the earlier block's."""
    layout = reduce(_joined, (block.layout for block in blocks))
    times = np.unique(np.concatenate([block.times for block in blocks]))
    vms = len(layout.vms)
    present = np.zeros((vms, times.size), np.bool_)
    node = np.full((len(layout.node_quantities), times.size), np.nan, np.float32)
    columns = {
        name: np.full((vms, times.size), np.nan, np.float32) for name in layout.vm_quantities
    }
    taken = np.zeros(times.size, np.bool_)
    for block in blocks:
        position = np.searchsorted(times, block.times)
        new = ~taken[position]
        at, taken[position] = position[new], True
        ranks = np.array([layout.place[vm] for vm in block.layout.vms], np.int64)
        there = np.ix_(ranks, at)
        present[there] = block.presence[:, new]
        for name, row in zip(block.layout.node_quantities, block.node, strict=True):
            node[layout.node_quantities.index(name), at] = row[new]
        for name in block.layout.vm_quantities:
            columns[name][there] = block.column(name)[:, new]
    everywhere = bool(present.all())
    return StoreBlock(
        times, layout, None if everywhere else present, node, columns, times.size, slice(None)
    )


def _joined(one: SampleLayout, other: SampleLayout) -> SampleLayout:
    if one == other:
        return one
    return SampleLayout(*(tuple(sorted({*a, *b})) for a, b in zip(one, other, strict=True)))
