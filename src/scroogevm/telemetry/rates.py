"""Computes rates from counters, elementwise, for one scrape or a whole window."""

import numpy as np
from numpy.typing import ArrayLike

from scroogevm.core.arrays import Bools, Floats

LONGEST = 180.0
"""Seconds between two readings above which their difference says too little of either."""

PERIODS = 3
"""Periods of an exporter that may lie between two readings, where it says how long one is."""

SHORTEST = 0.1
"""Seconds between two readings below which the difference is noise."""

_STRETCH = 2.5
_SLACK = 1.0


def rate(
    now: ArrayLike, before: ArrayLike, elapsed: ArrayLike, longest: ArrayLike = LONGEST
) -> Floats:
    """(now - before) / elapsed; NaN on a reset, a repeat, backward time, or too long a gap.

    Args:
        now: a counter.
        before: the same counter at an earlier reading, NaN if there was none.
        elapsed: seconds between the two readings.
        longest: seconds above which no rate is given.

    >>> rate([7.0, 7.0, 7.0, 7.0], [5.0, 9.0, 5.0, 5.0], [4.0, 4.0, 0.0, 999.0]).tolist()
    [0.5, nan, nan, nan]
    """
    now, before, elapsed, longest = (
        np.asarray(each, np.float64) for each in (now, before, elapsed, longest)
    )
    good = (now >= before) & (before >= 0) & (elapsed >= SHORTEST) & (elapsed <= longest)
    with np.errstate(invalid="ignore", divide="ignore", over="ignore"):
        given = np.where(good, (now - before) / elapsed, np.nan)
    return np.where(np.isfinite(given), given, np.nan)


def believable(elapsed: ArrayLike, passed: ArrayLike) -> Bools:
    """Whether the time that an exporter says has passed is about what passed here.

    Numbers that are renewed while nobody looks are seen late by up to a period, so that one may be
    a few times the other; more than that is a clock that was set.

    Args:
        elapsed: seconds by the clock of the exporter.
        passed: seconds by the clock of the reader.

    >>> believable([5.0, 10.0, 3605.0, -3595.0, 0.5], 5.0).tolist()
    [True, True, False, False, False]
    """
    elapsed, passed = np.asarray(elapsed, np.float64), np.asarray(passed, np.float64)
    low, high = np.minimum(elapsed, passed), np.maximum(elapsed, passed)
    return np.asarray((low > 0) & (high <= _STRETCH * low + _SLACK), np.bool_)
