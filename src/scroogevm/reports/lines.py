"""Series of a few nodes in a limited number of points, for any number of windows.

Once all points are taken, neighbours are joined pairwise, and each point stands for twice as many
windows. Means and sums stay right at any resolution, and a peak is never lost. Of each number seven
digits are kept, which is more than a picture shows.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from scroogevm.core.arrays import Floats

Kind = Literal["mean", "largest", "smallest", "share"]
"""How windows are joined; a share is the sum over the windows of a point, so many of them: running
sums stay right."""

POINTS = 512
"""Points at most; a power of two."""
_FIRST = 32


class Lines:
    """Columns of numbers of a few nodes, window by window.

    Attributes:
        step: windows that a point stands for; the last one may have had fewer.

    Args:
        kinds: how each column is joined.
        nodes: how many nodes.
        points: how many points at most, an even number.
    """

    def __init__(self, kinds: Sequence[Kind], nodes: int, points: int = POINTS) -> None:
        self._kinds = np.array(kinds, np.str_)
        self._extreme = np.isin(self._kinds, ["largest", "smallest"])
        self._sign = np.where(self._kinds == "smallest", -1.0, 1.0)[:, np.newaxis]
        self._limit = points
        size = min(_FIRST, points)
        self._values = np.empty((size, len(kinds), nodes), np.float32)
        self._counts = np.empty((size, len(kinds), nodes), np.uint16)
        self._hours = np.empty(size)
        self._point = -1
        self._filled = 1
        self.step = 1

    def add(self, rows: Floats, hour: float) -> None:
        """Add a window.

        Args:
            rows: (columns, nodes); NaN where nothing is known.
            hour: its end.
        """
        if self._filled == self.step:
            self._next()
        known = ~np.isnan(rows)
        values, at = rows * self._sign, self._point
        ours = self._values[at]
        both = np.where(known, values, np.where(self._extreme[:, np.newaxis], -np.inf, 0.0))
        added = np.where(self._extreme[:, np.newaxis], np.maximum(ours, both), ours + both)
        self._values[at] = added
        self._counts[at] += known
        self._hours[at] = hour
        self._filled += 1

    def blank(self, node: int) -> None:
        """Another node has this place from now on: of it nothing was known."""
        self._values[:, :, node] = np.where(self._extreme, -np.inf, 0.0)
        self._counts[:, :, node] = 0

    @property
    def hours(self) -> Floats:
        """End of the last window of each point, (points,)."""
        return self._hours[: self._point + 1].copy()

    def rows(self, nodes: Sequence[int]) -> Floats:
        """What is known of some nodes, (nodes, columns, points); NaN for nothing."""
        values = self._values[: self._point + 1][:, :, list(nodes)]
        counts = self._counts[: self._point + 1][:, :, list(nodes)]
        kinds = self._kinds[:, np.newaxis]
        divisor = np.where(kinds == "mean", counts, np.where(kinds == "share", self.step, 1))
        exact = values.astype(np.float64) * self._sign
        found = np.where(counts > 0, exact / np.maximum(divisor, 1), np.nan)
        return np.ascontiguousarray(found.transpose(2, 1, 0))

    def _next(self) -> None:
        """Begin a point."""
        self._point += 1
        self._filled = 0
        if self._point == self._limit:
            self._join()
        elif self._point == len(self._hours):
            self._values, self._counts, self._hours = (
                np.concatenate([array, np.empty_like(array)])[: self._limit]
                for array in (self._values, self._counts, self._hours)
            )
        self._values[self._point] = np.where(self._extreme, -np.inf, 0.0)[:, np.newaxis]
        self._counts[self._point] = 0

    def _join(self) -> None:
        """Join neighbours: half of the points are free again."""
        half = self._limit // 2
        even, odd = self._values[0::2], self._values[1::2]
        extreme = self._extreme[:, np.newaxis]
        self._values[:half] = np.where(extreme, np.maximum(even, odd), even + odd)
        self._counts[:half] = self._counts[0::2] + self._counts[1::2]
        self._hours[:half] = self._hours[1::2]
        self._point = half
        self.step *= 2
