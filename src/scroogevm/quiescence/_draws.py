"""Draws uniform numbers from fixed seeds."""

from functools import lru_cache

import numpy as np

from scroogevm.core.arrays import Floats


@lru_cache(maxsize=1024)
def draws(member: int, stream: int, length: int) -> Floats:
    """Numbers in [0, 1) for a member of an ensemble; a shorter list is the start of a longer one.

    Returns:
        (length,).

    >>> draws(0, 1, 3).round(3).tolist() == draws(0, 1, 5)[:3].round(3).tolist()
    True
    """
    # NumPy guarantees that the raw bits of this generator stay the same, not its distributions.
    bits = np.random.PCG64([member, stream]).random_raw(length)
    return np.asarray((bits >> np.uint64(11)) * 2.0**-53, np.float64)
