"""What is random about a network, from fixed seeds: first weights and the order of its pairs."""

from functools import cache, lru_cache
from math import sqrt

import numpy as np

from scroogevm.core.arrays import Floats

UNITS = 4
"""Units of the layer. With one step in a sequence each has three gates that matter: input, output
and candidate; what the forget gate and the recurrent weights act on is zero."""
GATES = 3 * UNITS
NUMBERS = 2 * GATES + UNITS + 1
"""Numbers of a network, in order: kernel of the gates, their bias, the dense kernel, its bias."""

_KERNEL_BOUND = sqrt(6 / (1 + 4 * UNITS))  # glorot: one input, four gates with the forget gate
_DENSE_BOUND = sqrt(6 / (UNITS + 1))


@cache
def first_weights(members: int) -> Floats:
    """Glorot-uniform kernels and zero biases of the first ``members`` networks.

    Returns:
        (members, numbers).
    """
    weights = np.zeros((members, NUMBERS))
    for member, row in enumerate(weights):
        row[:GATES] = _KERNEL_BOUND * (2 * _uniform(member, 0, GATES) - 1)
        row[2 * GATES : -1] = _DENSE_BOUND * (2 * _uniform(member, 0, NUMBERS)[2 * GATES : -1] - 1)
    weights.flags.writeable = False
    return weights


@lru_cache(maxsize=1024)
def draws(member: int, epoch: int, length: int) -> Floats:
    """Uniform numbers in [0, 1) that shuffle an epoch; fewer pairs take the first of them.

    Returns:
        (length,).
    """
    return _uniform(member, 1 + epoch, length)


def _uniform(member: int, stream: int, length: int) -> Floats:
    # The raw bits of this generator are promised to stay the same; its distributions are not.
    bits = np.random.PCG64([member, stream]).random_raw(length)
    return np.asarray((bits >> np.uint64(11)) * 2.0**-53, np.float64)
