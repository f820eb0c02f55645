"""Cuts windows of some nodes from a store when they close."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from scroogevm.core.arrays import Bools, Ints
from scroogevm.core.samples import LISTED
from scroogevm.core.snapshot import Snapshot
from scroogevm.core.window import Occurrence, take
from scroogevm.ports import Shape, Store
from scroogevm.scoring import matched
from scroogevm.traces.cut import CutChunk, Cutter, TimeBlock
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.recording.listed import listed
from scroogevm.traces.recording.piece import read_piece
from scroogevm.traces.recording.regular import Times
from scroogevm.traces.remarks import Remarks

_ENDLESS = 1 << 50
_MANY = 1000
"""Number of departed VMs that may keep a number, in addition to twice the present ones."""


@dataclass(frozen=True)
class Pace:
    """The pace of samples.

    Attributes:
        own: seconds between two samples of a node.
        interval: seconds between samples of a window; a slice is a whole number of them.
    """

    own: float
    interval: float

    @classmethod
    def of(cls, own: float, slice_: float) -> "Pace":
        """The pace of samples with a given interval.

        >>> Pace.of(7.0, 60.0)
        Pace(own=7.0, interval=7.5)
        """
        return cls(own, slice_ / max(1, int(slice_ / own + 1e-9)))


class Feed:
    """Cuts one window after the other; nodes may join and leave between them.

    The windows are exactly those of a recording of the same store.

    Args:
        shape: how time is cut; windows begin at multiples of a slice since 1970.
        pace: how samples come.
        aggregation: number of consecutive samples that are averaged for statistics.
    """

    def __init__(self, shape: Shape, pace: Pace, aggregation: int = 1) -> None:
        self._shape = replace(shape, origin=0.0)
        self._pace = pace
        manifest = Manifest(shape.scope, shape.slice, pace.interval, shape.history)
        options = ReadOptions(aggregation=aggregation)
        chunk = CutChunk(self._shape, (), _ENDLESS, tuple, manifest, options, "live")
        self._cutter = Cutter(chunk, Remarks())
        self._says: Bools = np.empty(0, np.bool_)
        self._listed_at = np.empty(0)
        self.absurd = 0

    @property
    def nodes(self) -> Sequence[str]:
        """Names of the nodes."""
        return self._cutter.chunk.nodes

    def realign(self, nodes: Sequence[str]) -> None:
        """Continue with these nodes."""
        rows = matched(self.nodes, nodes)
        self._says = take(self._says.astype(np.float64), rows, 0.0) > 0
        self._listed_at = take(self._listed_at, rows, np.nan)
        self._cutter.realign(nodes)

    def window(self, store: Store, number: int) -> Occurrence:
        """The window of a number, counted since 1970; it must be later than all before.

        Its signals have the ages of the newest sample and the newest list of VMs of each node.

        Raises:
            StoreError: the store cannot be read; nothing was changed.
        """
        begin = number * self._shape.slice
        end = begin + self._shape.slice
        times = Times(begin, end, self._pace.interval, self._pace.own)
        piece = read_piece(store, self.nodes, times)
        self.absurd += piece.absurd
        says = [name for name, is_ in zip(self.nodes, self._says, strict=True) if is_]
        nodes = listed(piece.nodes, piece.vms, says)
        self._note_lists(nodes, piece.nodes)
        (occurrence,) = self._cutter.cut(TimeBlock(number, number + 1, nodes, piece.vms))
        signals = {**occurrence.signals, "list_age": end - self._listed_at}
        return replace(occurrence, signals=signals)

    def compact(self) -> Ints | None:
        """Give VMs new numbers if many numbers belong to VMs that are gone.

        Returns:
            (numbers before,), the new number of each VM, -1 for none; None if nothing was changed.
        """
        roster = self._cutter.roster
        if len(roster.names) < 2 * roster.local.size + _MANY:
            return None
        return roster.compact()

    def snapshot(self) -> Snapshot:
        """The state between windows, as arrays by name."""
        return {
            **self._cutter.snapshot(),
            "says": self._says,
            "listed_at": self._listed_at,
        }

    def restore(self, arrays: Snapshot) -> None:
        """Continue from a snapshot.

        Raises:
            ValueError: the arrays are not a snapshot.
        """
        self._cutter.restore(arrays)
        self._says, self._listed_at = arrays["says"], arrays["listed_at"]

    def _note_lists(self, nodes: pl.DataFrame, told: pl.DataFrame) -> None:
        """Keep when VMs were last listed, and which nodes report their number."""
        lists = nodes.filter(pl.col(LISTED).is_not_null()).group_by("node").agg(pl.max("time"))
        newest = dict(lists.iter_rows())
        known = set(told.filter(pl.col(LISTED).is_not_null())["node"].to_list())
        at = np.array([newest.get(name, np.nan) for name in self.nodes], np.float64)
        self._listed_at = np.where(np.isnan(at), self._listed_at, at + self._pace.interval)
        self._says = self._says | np.array([name in known for name in self.nodes], np.bool_)
