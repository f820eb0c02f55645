"""Percentiles of many values in limited memory: counts in fixed logarithmic bins.

A value above zero falls into the bin that its exponent and the first 7 bits of its fraction name:
128 bins for each doubling, at the same places always. The middle of a bin is off by at most 1/256,
0.4 %, of any value in it. Zeros are counted apart, by whoever knows how many values there were.
Counts are integers and bins never move, so adding up in any order gives the same bits.
"""

from dataclasses import dataclass, field

import numpy as np

from scroogevm.core.arrays import Floats, Ints

RELATIVE_ERROR = 0.004
"""Of a percentile, between ``LEAST`` and ``MOST``."""
LEAST, MOST = 2.0**-30, 2.0**16
"""What is smaller or larger is counted in the first or last bin."""

_SHIFT = 52 - 7
_FIRST = int(np.float64(LEAST).view(np.int64)) >> _SHIFT
BINS = (int(np.float64(MOST).view(np.int64)) >> _SHIFT) - _FIRST
"""Bins of a cell; only those that are not empty take memory."""
_WAITING = 4096


@dataclass(eq=False)
class Sketch:
    """The positive values of each of many cells, say of each node.

    Attributes:
        keys: ``cell * BINS + bin`` of every bin that is not empty, ascending.
        counts: values in each of them.
    """

    keys: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    counts: Ints = field(default_factory=lambda: np.empty(0, np.int64))
    _waiting: list[Ints] = field(default_factory=list)
    _unsorted: int = 0

    def add(self, values: Floats, cells: Ints) -> None:
        """Count in values; those that are not above zero, or NaN, are left out.

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
        # Adding up now and then costs less than each time, and is bounded all the same.
        if self._unsorted > max(_WAITING, self.keys.size):
            self.compact()

    def compact(self) -> "Sketch":
        """Add up what waits, and return itself."""
        if self._waiting:
            keys = np.concatenate(self._waiting)
            self._waiting, self._unsorted = [], 0
            self._join(keys, np.ones(keys.size, np.int64))
        return self

    def merge(self, other: "Sketch", cells: Ints) -> None:
        """Count in the values of another sketch.

        Args:
            other: it stays as it is, but for being compacted.
            cells: which cell here each cell of the other is.
        """
        other.compact()
        cell, place = np.divmod(other.keys, BINS)
        self._join(cells[cell] * BINS + place, other.counts)

    def percentile(self, p: float, numbers: Ints) -> Floats:
        """Percentile ``p`` of each cell, linear between ranks as NumPy's default.

        Args:
            p: 0 to 100.
            numbers: (cells,), how many values each cell was given, zeros included.

        Returns:
            (cells,); off by at most ``RELATIVE_ERROR``; NaN where there was no value.
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
        """The value at each place in the order of all, 0 where it is one of the zeros."""
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
