"""Draws uniform numbers from fixed seeds."""

from functools import lru_cache

import numpy as np

from scroogevm.core.arrays import Floats


@lru_cache(maxsize=1024)
def draws(member: int, stream: int, length: int) -> Floats:
    """Numbers in [0, 1) of a member of an ensemble; who asks for fewer gets the first of them.

    Returns:
        (length,).

    >>> draws(0, 1, 3).round(3).tolist() == draws(0, 1, 5)[:3].round(3).tolist()
    True
    """
    # The raw bits of this generator are promised to stay the same; its distributions are not.
    bits = np.random.PCG64([member, stream]).random_raw(length)
    return np.asarray((bits >> np.uint64(11)) * 2.0**-53, np.float64)
