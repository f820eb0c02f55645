"""The check function: the cost of a promise at a stated risk."""

import numpy as np

from scroogevm.core.arrays import Floats


def check(excess: Floats, risk: float) -> Floats:
    """``(1-risk)*e`` where usage exceeds the promise, ``-risk*e`` where it stays below it.

    Its mean is smallest for the promise that is exceeded in exactly this share of windows. It
    counts waste and shortfall together, and the risk is the weight between them.

    Args:
        excess: usage less promise, in any unit; NaN stays NaN.
        risk: share of windows in which the promise may be exceeded.

    >>> check(np.array([2.0, -1.0]), 0.25).tolist()
    [1.5, 0.25]
    """
    return np.asarray(np.where(excess > 0, (1 - risk) * excess, -risk * excess))
