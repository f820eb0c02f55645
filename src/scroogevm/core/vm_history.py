"""The last samples of each VM, across windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scroogevm.core.arrays import Floats, Ints
from scroogevm.core.statistics import (
    count,
    maximum,
    percentile,
    percentile_of_largest,
    ranks_above,
    total,
)
from scroogevm.core.window import VMs, take


@dataclass(frozen=True, eq=False)
class Trail:
    """The last samples of the VMs of the newest window, each up to its allocation then.

    It holds the windows, and joins their samples only on demand. While no VM arrives, leaves or is
    resized, sums and ranks of each window are computed once.

    Attributes:
        parts: the VMs of the last windows, the newest last; at least ``length`` samples together,
            if there were so many.
        length: samples of the trail.
        seen: (vms,), samples since the VM arrived, including those before the trail.
        maximum: (vms,), largest sample since the VM arrived.
        total: (vms,), sum of all samples since the VM arrived.
    """

    parts: Sequence[VMs]
    length: int
    seen: Ints
    maximum: Floats
    total: Floats

    @classmethod
    def of(cls, vms: VMs, length: int) -> "Trail":
        """The trail of VMs of which only this window is known."""
        return cls((vms,), length, count(vms.usage), maximum(vms.capped), total(vms.capped))

    def then(self, vms: VMs) -> "Trail":
        """This trail with the next window; VMs that are not in the window are forgotten."""
        later = Trail.of(vms, self.length)
        rows = self.vms.find(vms.ids)
        parts = [*self.parts, vms]
        while sum(part.usage.shape[1] for part in parts[1:]) >= self.length:
            parts.pop(0)
        return Trail(
            parts=tuple(parts),
            length=self.length,
            seen=later.seen + take(self.seen, rows, 0),
            maximum=np.fmax(later.maximum, take(self.maximum, rows, np.nan)),
            total=later.total + take(self.total, rows, 0.0),
        )

    def moved(self, rows: Ints) -> "Trail":
        """The trail of the VMs of some nodes, in their order.

        Args:
            rows: (nodes,), the row here of each node, -1 for a node that is not here.
        """
        order, _ = self.vms.on(rows)
        parts = tuple(part.moved(rows) for part in self.parts)
        return Trail(parts, self.length, self.seen[order], self.maximum[order], self.total[order])

    @property
    def vms(self) -> VMs:
        """The VMs of the newest window."""
        return self.parts[-1]

    @cached_property
    def settled(self) -> bool:
        """Whether no VM arrived, left or was resized, and no sample is missing."""
        newest = self.vms
        return all(
            np.array_equal(part.ids, newest.ids)
            and np.array_equal(part.allocated, newest.allocated)
            and part.ranked.present.min(initial=part.ranked.width) == part.ranked.width
            for part in self.parts
        )

    @cached_property
    def usage(self) -> Floats:
        """(vms, samples), the newest last; NaN if missing or before the VM arrived."""
        joined = [take(part.capped, rows, np.nan) for part, rows in self._rows]
        return np.concatenate(joined, axis=1)[:, -self.length :]

    @cached_property
    def limit(self) -> Floats:
        """(vms, samples), the allocation at each sample; NaN before the VM arrived."""
        joined = [
            np.broadcast_to(
                take(part.allocated, rows, np.nan)[:, np.newaxis], (rows.size, part.usage.shape[1])
            )
            for part, rows in self._rows
        ]
        return np.concatenate(joined, axis=1)[:, -self.length :]

    def node_usage(self, samples: int, nodes: int) -> Floats:
        """Sum over the VMs of each node of a settled trail, (nodes, samples)."""
        totals = [part.total(nodes) for part in self.parts]
        return np.concatenate(totals, axis=1)[:, -min(samples, self.length) :]

    def percentile(self, p: float, samples: int) -> Floats:
        """Percentile ``p`` of each VM's last samples, (vms,); NaN without samples.

        Samples of a resized VM count as shares of the allocation at their time, times the
        current allocation.
        """
        widths = [part.usage.shape[1] for part in self.parts]
        if self.settled and sum(widths) == min(samples, self.length):
            # These are whole windows: each was ranked once, and only its largest samples matter.
            needed = ranks_above(p, sum(widths))
            tails = [part.ranked.largest(needed) for part in self.parts]
            largest = np.minimum(np.concatenate(tails, axis=1), self.vms.allocated[:, np.newaxis])
            largest.sort(axis=1)
            present = np.full(largest.shape[0], sum(widths))
            return percentile_of_largest(largest[:, -needed:], present, p)
        usage, limit = self.usage[:, -samples:], self.limit[:, -samples:]
        now = self.vms.allocated[:, np.newaxis]
        resized = (limit != now) & (limit > 0)
        return percentile(np.where(resized, usage / np.where(resized, limit, 1.0) * now, usage), p)

    @cached_property
    def _rows(self) -> Sequence[tuple[VMs, Ints]]:
        """Each part, with the row in it of each VM of the newest part; -1 if it is absent."""
        found: list[tuple[VMs, Ints]] = []
        known = np.ones(self.vms.ids.size, np.bool_)
        for part in reversed(self.parts):
            rows = np.where(known, part.find(self.vms.ids), -1)
            known = rows >= 0
            found.insert(0, (part, rows))
        return found
