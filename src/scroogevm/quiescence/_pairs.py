"""Each sample and the one after it: what a one-step-ahead prediction learns from."""

import numpy as np

from scroogevm.core.arrays import Floats, Ints


def pairs(kept: Floats, new: Floats) -> tuple[Floats, Ints]:
    """The pairs of two series, those with a missing sample left out.

    Args:
        kept: (nodes, samples), the kept windows joined.
        new: (nodes, samples), of any length.

    Returns:
        (2, nodes, pairs, 2), each sample and the next, and (2, nodes), how many of them there are:
        those come first, what follows is zero.

    >>> both, lengths = pairs(np.array([[1.0, np.nan, 2.0, 3.0]]), np.array([[5.0, 6.0]]))
    >>> both[:, 0, 0].tolist(), lengths.tolist()
    ([[2.0, 3.0], [5.0, 6.0]], [[1], [1]])
    """
    nodes, longest = kept.shape[0], max(1, kept.shape[1] - 1, new.shape[1] - 1)
    found = np.zeros((2, nodes, longest, 2))
    lengths = np.zeros((2, nodes), np.int64)
    for both, length, usage in zip(found, lengths, (kept, new), strict=True):
        number = max(0, usage.shape[1] - 1)
        both[:, :number, 0] = usage[:, :number]
        both[:, :number, 1] = usage[:, 1:]
        whole = np.isfinite(both).all(axis=2)
        whole[:, number:] = False
        length[:] = whole.sum(axis=1)
        (torn,) = np.nonzero(length < number)
        first = np.argsort(~whole[torn], axis=1, kind="stable")[:, :, np.newaxis]
        both[torn] = np.take_along_axis(np.nan_to_num(both[torn]), first, axis=1)
    return found, lengths
