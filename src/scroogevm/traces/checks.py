"""Refuses impossible values, whichever format they come from."""

from collections.abc import Callable

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.errors import TraceError

ABSURD_NODE = 2.0
"""A node cannot use more than it has; samplers overshoot a little, never by this factor."""

ABSURD_VM = 10.0
"""A VM may burst above its allocation for a sample, never by this factor."""

ABSURD_FRACTION = 2.0
"""A usage of more than this share of the allocation is in cores or percent, not a fraction."""

Place = Callable[[int], str]
"""Names the place of a flat index into the array that was checked."""


def refuse_negative(values: Floats, place: Place) -> None:
    """Refuse negative and infinite samples.

    Raises:
        TraceError: there is one.
    """
    low = np.fmin.reduce(values, axis=None, initial=0.0)
    high = np.fmax.reduce(values, axis=None, initial=0.0)
    if low < 0 or high == np.inf:
        flat = int(np.flatnonzero((values < 0) | (values == np.inf))[0])
        raise TraceError(
            f"{values.flat[flat]:g} is not a usage or size",
            where=place(flat),
            remedy="a number >= 0",
        )


def refuse_above(values: Floats, limit: Floats, factor: float, place: Place, remedy: str) -> None:
    """Refuse samples above ``factor`` times a limit.

    Args:
        values: (rows, samples).
        limit: (rows,); NaN where unknown.
        factor: how far above is absurd.
        place: names a sample.
        remedy: what would be right.

    Raises:
        TraceError: there is one.
    """
    beyond = values > (factor * limit)[:, np.newaxis]
    if beyond.any():
        flat = int(np.flatnonzero(beyond)[0])
        most = limit[flat // values.shape[1]]
        raise TraceError(
            f"{values.flat[flat]:g} of {most:g} is absurd", where=place(flat), remedy=remedy
        )
