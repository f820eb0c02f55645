"""Quantiles of scores of both signs, by counts in fixed logarithmic bins.

A bin is a sign, an exponent and the first 7 bits of the fraction: 128 bins for each doubling. Its
middle differs from any score in it by at most 1/256, 0.4 %. The bits of a number select its bin,
and counts are whole numbers, so the order of scores changes nothing.
"""

from math import ceil

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints

LEAST, MOST = 2.0**-12, 2.0**10
"""A score nearer to 0 than the first counts as 0; one beyond the second is in the last bin."""

_SHIFT = 52 - 7
_FIRST = int(np.float64(LEAST).view(np.int64)) >> _SHIFT
_SIDE = (int(np.float64(MOST).view(np.int64)) >> _SHIFT) - _FIRST
BINS = 2 * _SIDE + 1
"""Bins of a sketch, in the order of their values; the middle one is 0."""


def bins(scores: Floats) -> Ints:
    """The bin of each score, of the same shape; none may be NaN."""
    size = np.ascontiguousarray(np.abs(scores))
    steps = np.clip((size.view(np.int64) >> _SHIFT) - _FIRST + 1, 0, _SIDE)
    return np.asarray(np.where(scores < 0, _SIDE - steps, _SIDE + steps))


def counted(scores: Floats, which: Bools) -> Ints:
    """Number of scores of each row in each bin, (rows, ``BINS``).

    Args:
        scores: (rows, n).
        which: likewise, those to count.
    """
    rows = scores.shape[0]
    row = np.broadcast_to(np.arange(rows)[:, np.newaxis], scores.shape)
    keys = bins(scores[which]) + BINS * row[which]
    return np.bincount(keys, minlength=rows * BINS).reshape(rows, BINS).astype(np.int64)


def middle(bin_: Ints) -> Floats:
    """The middle of each bin.

    >>> middle(bins(np.array([-1.0, 0.0, 1.0]))).tolist()
    [-1.00390625, 0.0, 1.00390625]
    """
    steps = bin_ - _SIDE
    bits = ((np.maximum(abs(steps), 1) - 1 + _FIRST) << _SHIFT) | (1 << (_SHIFT - 1))
    return np.asarray(np.sign(steps) * bits.view(np.float64))


def quantiles(counts: Ints, level: float) -> Floats:
    """The smallest of m scores that ``(1-level)*(m+1)`` of them do not exceed, or the last one.

    Args:
        counts: (rows, ``BINS``).
        level: share of scores that may be larger.

    Returns:
        (rows,), with an error of at most 0.4 %; NaN for a row without scores.
    """
    until = counts.cumsum(axis=1)
    number = until[:, -1]
    rank = [min(m, max(1, ceil((1 - level) * (m + 1)))) for m in number.tolist()]
    place = np.argmax(until >= np.array(rank, np.int64).reshape(-1, 1), axis=1)
    return np.where(number > 0, middle(place), np.nan)
