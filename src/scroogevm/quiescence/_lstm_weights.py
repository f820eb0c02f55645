"""Where a network begins: its first weights, from fixed seeds."""

from functools import cache
from math import sqrt

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.quiescence._draws import draws

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
        row[:GATES] = _KERNEL_BOUND * (2 * draws(member, 0, GATES) - 1)
        row[2 * GATES : -1] = _DENSE_BOUND * (2 * draws(member, 0, NUMBERS)[2 * GATES : -1] - 1)
    weights.flags.writeable = False
    return weights
