"""Draws the first weights of networks and the order of their pairs, from fixed seeds."""

from functools import cache, lru_cache
from math import sqrt

import numpy as np

from scroogevm.core.arrays import Floats, Ints
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


@lru_cache(maxsize=1024)
def order(member: int, epoch: int, length: int) -> Ints:
    """Places 0 to ``length - 1``, in the order of an epoch of a network.

    The places of a shorter series have the same order as in a longer one, so the result of a node
    does not depend on the number of samples of another node.

    Returns:
        (max(0, length),).

    >>> [place for place in order(0, 0, 9).tolist() if place < 4] == order(0, 0, 4).tolist()
    True
    """
    return np.argsort(draws(member, 1 + epoch, max(0, length)), kind="stable")
