"""Distributes an amount: takes it from those who have most for their share."""

import numpy as np

from scroogevm.core.arrays import Bools, Floats


def level(spare: Floats, share: Floats, cap: Floats, total: float) -> Floats:
    """Taken = clip(spare - L*share, 0, cap), with L such that it adds up to the total.

    Everybody is left with the same spare for each part of a share, as far as caps allow. Whoever
    has less to spare never gives more.

    Args:
        spare: what each has, (n,).
        share: parts that each may keep, (n,), > 0.
        cap: the most that each gives, (n,), >= 0.
        total: to be taken; all caps together, if they are less.

    >>> level(np.array([10.0, 4.0, 1.0]), np.ones(3), np.full(3, 9.0), 8.0).tolist()
    [7.0, 1.0, 0.0]
    """
    if total >= cap.sum():
        return cap.copy()
    if not total > 0:
        return np.zeros_like(cap)
    levels = np.unique(np.concatenate([spare / share, (spare - cap) / share]))
    sums = _taken(spare, share, cap, levels[:, None]).sum(axis=1)
    after = int(np.argmax(sums <= total))  # sums fall as levels rise, the last one is 0
    if after == 0 or sums[after] == total:
        return np.asarray(_taken(spare, share, cap, levels[after]))
    part = (sums[after - 1] - total) / (sums[after - 1] - sums[after])
    found = levels[after - 1] + part * (levels[after] - levels[after - 1])
    return np.asarray(_taken(spare, share, cap, found))


def level_in_pieces(
    spare: Floats, share: Floats, cap: Floats, total: float, smallest: Floats
) -> Floats:
    """The same, where nobody gives less than a smallest piece: others give it in their place.

    Args:
        spare: as above.
        share: as above.
        cap: as above.
        total: as above. What is taken is never more.
        smallest: of each, (n,): it gives as much or nothing.

    >>> level_in_pieces(np.array([5.0, 4.0]), np.ones(2), np.full(2, 9.0), 3.0, np.full(2, 2.0))
    array([3., 0.])
    """
    cap = np.where(cap < smallest, 0.0, cap)
    while True:
        taken = level(spare, share, cap, total)
        small: Bools = (taken < smallest) & (cap > 0)
        if not small.any():
            return taken
        lack = np.where(small, taken / np.maximum(smallest, np.finfo(float).tiny), np.inf)
        cap = np.where(np.arange(cap.size) == np.argmin(lack), 0.0, cap)


def _taken(spare: Floats, share: Floats, cap: Floats, at: "Floats | float") -> Floats:
    return np.clip(spare - at * share, 0.0, cap)
