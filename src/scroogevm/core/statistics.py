"""Statistics along the last axis that ignore missing samples (NaN).

A row without samples gives NaN. All results are exact except for rounding.
"""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints


def count(values: Floats) -> Ints:
    """Number of samples present in each row.

    >>> count(np.array([[1.0, np.nan], [np.nan, np.nan]])).tolist()
    [1, 0]
    """
    return np.asarray(values.shape[-1] - np.isnan(values).sum(axis=-1, dtype=np.int64))


def mean(values: Floats) -> Floats:
    """Arithmetic mean of each row.

    >>> mean(np.array([[1.0, 3.0], [1.0, np.nan], [np.nan, np.nan]])).tolist()
    [2.0, 1.0, nan]
    """
    plain = values.sum(axis=-1)
    if values.shape[-1] and not np.isnan(plain).any():
        return np.asarray(plain / values.shape[-1])
    return divide(np.nansum(values, axis=-1), count(values))


def total(values: Floats) -> Floats:
    """Sum of each row, 0 without samples.

    >>> total(np.array([[1.0, 3.0], [1.0, np.nan], [np.nan, np.nan]])).tolist()
    [4.0, 1.0, 0.0]
    """
    plain = values.sum(axis=-1)
    return np.asarray(np.nansum(values, axis=-1) if np.isnan(plain).any() else plain)


def std(values: Floats) -> Floats:
    """Population standard deviation of each row: sqrt(mean((x - mean(x))**2)), ddof 0.

    >>> std(np.array([[1.0, 3.0], [5.0, np.nan]])).tolist()
    [1.0, 0.0]
    """
    centred = values - mean(values)[..., np.newaxis]
    return np.sqrt(mean(centred * centred))


def maximum(values: Floats) -> Floats:
    """Largest sample of each row.

    >>> maximum(np.array([[1.0, np.nan, 3.0], [np.nan, np.nan, np.nan]])).tolist()
    [3.0, nan]
    """
    if not values.shape[-1]:
        return np.full(values.shape[:-1], np.nan)
    return np.asarray(np.fmax.reduce(values, axis=-1))


def aggregate(values: Floats, size: int) -> Floats:
    """Replace ``size`` consecutive samples by their mean.

    An incomplete last group is dropped when there is more than one group.

    >>> aggregate(np.array([[1.0, 3.0, 5.0, 7.0, 9.0]]), 2).tolist()
    [[2.0, 6.0]]
    >>> aggregate(np.array([[1.0, 3.0]]), 4).tolist()
    [[2.0]]
    """
    width = values.shape[-1]
    if size == 1 or not width:
        return values
    groups = max(1, width // size)
    size = min(size, width)
    return mean(values[..., : groups * size].reshape(*values.shape[:-1], groups, size))


@dataclass(frozen=True, eq=False)
class Ranked:
    """The rows of a sample array in ascending order, missing samples first (as minus infinity).

    Rows are sorted once, for any number of percentiles. Missing samples are at the low end, so the
    largest samples of a row are always its last ones.

    Attributes:
        ascending: (rows, samples), sorted; only the largest of them where ``samples`` is given.
        present: (rows,), number of samples that are not missing.
        samples: in a row, present or not; None if all of them are in ``ascending``.
    """

    ascending: Floats
    present: Ints
    samples: int | None = None

    @classmethod
    def of(cls, values: Floats) -> "Ranked":
        """Rank the rows of ``values`` (rows, samples)."""
        missing = np.isnan(values)
        if missing.any():
            ascending = np.where(missing, -np.inf, values)
            present = values.shape[-1] - missing.sum(axis=-1, dtype=np.int64)
        else:
            ascending = values.astype(np.float64, copy=True)
            present = np.full(values.shape[:-1], values.shape[-1], np.int64)
        ascending.sort(axis=-1)
        return cls(ascending, present)

    def percentile(self, p: float) -> Floats:
        """Percentile ``p`` (0 to 100) of each row, linear between ranks as NumPy's default.

        >>> Ranked.of(np.array([[1.0, 2.0, np.nan, 4.0]])).percentile(50).tolist()
        [2.0]
        """
        return percentile_of_largest(self.ascending, self.present, p)

    @property
    def width(self) -> int:
        """Samples in a row, present or not."""
        return self.ascending.shape[-1] if self.samples is None else self.samples

    def largest(self, size: int) -> Floats:
        """The ``size`` largest samples of each row, (rows, size), ascending.

        Raises:
            ValueError: fewer samples were kept.
        """
        held = self.ascending.shape[-1]
        if size > held < self.width:
            raise ValueError(f"{size} samples in a row are requested, and {held} were kept")
        return self.ascending[..., max(0, held - size) :]

    def only_largest(self, size: int) -> "Ranked":
        """The same rows with only the ``size`` largest samples."""
        return Ranked(self.largest(size).copy(), self.present, self.width)

    def only(self, which: Bools | Ints) -> "Ranked":
        """The ranked samples of some rows."""
        return Ranked(self.ascending[which], self.present[which], self.samples)


def percentile_of_largest(largest: Floats, present: Ints, p: float) -> Floats:
    """Percentile ``p`` of rows of which only the largest samples were kept.

    Args:
        largest: (rows, n), the largest samples of each row, ascending; all from rank
            ``floor(p/100 * (present-1))`` upwards.
        present: (rows,), number of all samples of each row; a row without samples gives NaN.
        p: 0 to 100, linear between ranks.
    """
    end = largest.shape[-1] - 1
    if end < 0:
        return np.full(present.shape, np.nan)
    last = np.maximum(present - 1, 0)
    rank = p / 100 * last
    below = np.floor(rank).astype(np.int64)
    part = rank - below
    index = (end - last + below)[..., np.newaxis]
    low = np.take_along_axis(largest, index, axis=-1)[..., 0]
    high = np.take_along_axis(largest, np.minimum(index + 1, end), axis=-1)[..., 0]
    with np.errstate(invalid="ignore"):  # minus infinity stands for a row without samples
        step = high - low
        between = np.where(part < 0.5, low + step * part, high - step * (1 - part))
    return np.where(present > 0, between, np.nan)


def percentile(values: Floats, p: float) -> Floats:
    """Percentile ``p`` (0 to 100) of each row, linear between ranks as NumPy's default.

    >>> percentile(np.array([[1.0, 2.0, 3.0, 4.0]]), 90).round(6).tolist()
    [3.7]
    """
    missing = np.isnan(values)
    present = values.shape[-1] - missing.sum(axis=-1, dtype=np.int64)
    filled = np.where(missing, -np.inf, values) if missing.any() else values
    needed = ranks_above(p, values.shape[-1])
    largest = np.partition(filled, -needed, axis=-1)[..., -needed:] if needed else filled
    largest.sort(axis=-1)
    return percentile_of_largest(largest, present, p)


def ranks_above(p: float, samples: int) -> int:
    """Number of largest samples that decide percentile ``p`` of a row with at most ``samples``.

    >>> ranks_above(99, 120), ranks_above(0, 120), ranks_above(50, 0)
    (3, 120, 0)
    """
    return samples - int(np.floor(p / 100 * max(samples - 1, 0)))


def divide(total: Floats, number: Floats | Ints) -> Floats:
    """``total / number``; NaN if the number is zero."""
    return np.asarray(
        np.divide(total, number, out=np.full(np.shape(total), np.nan), where=np.asarray(number > 0))
    )
