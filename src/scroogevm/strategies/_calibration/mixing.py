"""Weights experts on each node by their losses (exponential weights)."""

import numpy as np

from scroogevm.core.arrays import Floats

LEAST = 1e-9
"""Loss, as a share of capacity, below which experts are equally good."""


def weights(own: Floats, mean: Floats, common: float, sharpness: float) -> Floats:
    """``exp(-sharpness * (loss / smallest loss - 1))``, scaled to a sum of 1 on each node.

    Args:
        own: (experts, nodes), loss on this node; NaN if there is none yet.
        mean: (experts,), mean loss over nodes.
        common: weight of the mean loss; the own loss has weight 1.
        sharpness: 0 for equal weights; a large value uses only the best expert.

    Returns:
        (experts, nodes).

    >>> weights(np.array([[1.0], [2.0]]), np.zeros(2), 0.3, 50.0).round(3).tolist()
    [[1.0], [0.0]]
    """
    loss = np.nan_to_num(own) + common * mean[:, np.newaxis]
    least = np.maximum(loss.min(axis=0), LEAST)
    # The smallest loss is subtracted first: nothing overflows, and the best has weight 1.
    weight = np.exp(-sharpness * (loss - loss.min(axis=0)) / least)
    # Experts are added one by one, so the sum has the same bits for any number of nodes.
    total = np.zeros(weight.shape[1])
    for one in weight:
        total = total + one
    return np.asarray(weight / total)


def mixed(weight: Floats, values: Floats) -> Floats:
    """The weighted sum over experts, (nodes,), of (experts, nodes), also one by one."""
    total = np.zeros(weight.shape[1])
    for share, one in zip(weight, values, strict=True):
        total = total + share * one
    return total
