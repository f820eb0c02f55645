"""Percentiles of many values in limited memory: counts in fixed logarithmic bins.

The exponent and the first 7 bits of the fraction of a value above zero name its bin: 128 fixed bins
for each doubling. The middle of a bin differs from any value in it by at most 1/256, 0.4 %. The
caller, who knows the number of values, counts zeros separately.
Counts are integers and bins never move, so a sum in any order gives the same bits.
"""

from dataclasses import dataclass, field

import numpy as np

from scroogevm.core.arrays import Floats, Ints

RELATIVE_ERROR = 0.004
"""Relative error of a percentile, between ``LEAST`` and ``MOST``."""
LEAST, MOST = 2.0**-30, 2.0**16
"""Smaller or larger values are counted in the first or last bin."""

_SHIFT = 52 - 7
_FIRST = int(np.float64(LEAST).view(np.int64)) >> _SHIFT
BINS = (int(np.float64(MOST).view(np.int64)) >> _SHIFT) - _FIRST
"""Bins of a cell; empty ones take no memory."""
_WAITING = 4096


@dataclass(eq=False)
class Sketch:
    """Counts of the positive values of many cells, such as nodes.

    Attributes:
        keys: ``cell * BINS + bin`` of every non-empty bin, ascending.
        counts: values in each of them.
    """

    keys: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    counts: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    _waiting: list[Ints] = field(default_factory=list)
    _unsorted: int = 0

    def add(self, values: Floats, cells: Ints) -> None:
        """Count values; values that are NaN or not above zero are ignored.

        Args:
            values: of any shape.
            cells: the cell of each, of the same shape.
        """
        large = values > 0
        if not large.any():
            return
        bits = np.ascontiguousarray(values[large], np.float64).view(np.int64) >> _SHIFT
        self._waiting.append(cells[large] * BINS + np.clip(bits - _FIRST, 0, BINS - 1))
        self._unsorted += bits.size
        # Summing now and then costs less than each time, and memory is still bounded.
        if self._unsorted > max(_WAITING, self.keys.size):
            self.compact()

    def compact(self) -> "Sketch":
        """Add the waiting counts, and return itself."""
        if self._waiting:
            keys = np.concatenate(self._waiting)
            self._waiting, self._unsorted = [], 0
            self._join(keys, np.ones(keys.size, np.int64))
        return self

    def merge(self, other: "Sketch", cells: Ints) -> None:
        """Add the counts of another sketch.

        Args:
            other: its counts do not change; it may be compacted.
            cells: the cell here for each cell of the other.
        """
        other.compact()
        cell, place = np.divmod(other.keys, BINS)
        self._join(cells[cell] * BINS + place, other.counts)

    def percentile(self, p: float, numbers: Ints) -> Floats:
        """Percentile ``p`` of each cell, linear between ranks as NumPy's default.

        Args:
            p: 0 to 100.
            numbers: (cells,), number of values of each cell, including zeros.

        Returns:
            (cells,); the error is at most ``RELATIVE_ERROR``; NaN for a cell without values.
        """
        self.compact()
        edges = np.searchsorted(self.keys, np.arange(numbers.size + 1) * BINS)
        until = np.concatenate([[0], np.cumsum(self.counts)])
        zeros = numbers - (until[edges[1:]] - until[edges[:-1]])
        rank = p / 100 * np.maximum(numbers - 1, 0)
        below = np.floor(rank).astype(np.int64)
        above = np.minimum(below + 1, np.maximum(numbers - 1, 0))
        low, high = (
            self._at(until, until[edges[:-1]] + place - zeros, place < zeros)
            for place in (below, above)
        )
        return np.where(numbers > 0, low + (high - low) * (rank - below), np.nan)

    def _at(self, until: Ints, places: Ints, zero: np.ndarray) -> Floats:
        """The value at each place of the sorted values; 0 if it is one of the zeros."""
        if not self.keys.size:
            return np.zeros(places.size)
        found = np.searchsorted(until[1:], places, side="right")
        place = self.keys[np.minimum(found, self.keys.size - 1)] % BINS
        bits = ((place + _FIRST) << _SHIFT) | (1 << (_SHIFT - 1))
        return np.where(zero, 0.0, bits.view(np.float64))

    def _join(self, keys: Ints, counts: Ints) -> None:
        every = np.concatenate([self.keys, keys])
        numbers = np.concatenate([self.counts, counts])
        self.keys, places = np.unique(every, return_inverse=True)
        self.counts = np.zeros(self.keys.size, np.int64)
        np.add.at(self.counts, places, numbers)
