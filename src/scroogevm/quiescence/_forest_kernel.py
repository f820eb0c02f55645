"""Compiled random forests, one for each node; input and output are arrays of numbers.

A tree over a single number is a staircase: the end and the height of each step.
"""

import numpy as np
from numba import prange

from scroogevm.core.arrays import Floats
from scroogevm.quiescence._compiled import compiled


@compiled()
def _cut(x: Floats, y: Floats, weight: Floats, first: int, end: int, leaf: int) -> int:  # noqa: PLR0917  # compiled code takes arrays one by one
    """The position of the best cut of a step in two; ``end`` if the step is not cut.

    The cut with the smallest sum of squared errors has the largest sum of ``sum(wy)**2 / sum(w)``
    over the two steps.
    """
    total, number = 0.0, 0.0
    for k in range(first, end):
        total += weight[k] * y[k]
        number += weight[k]
    best, at = total * total / number, end
    below, seen = 0.0, 0.0
    for k in range(first, end - 1):
        below += weight[k] * y[k]
        seen += weight[k]
        if number - seen < leaf:
            break
        if seen >= leaf and x[k] < x[k + 1]:
            rest = total - below
            fit = below * below / seen + rest * rest / (number - seen)
            if fit > best:
                best, at = fit, k + 1
    return at


@compiled()
def _grow(  # noqa: PLR0917  # likewise
    x: Floats, y: Floats, weight: Floats, depth: int, leaf: int, ends: Floats, heights: Floats
) -> int:
    """Build the stairs over samples in ascending order of x.

    Args:
        x: input.
        y: wanted output.
        weight: how many times each sample counts.
        depth: how many times every step is cut in two.
        leaf: the smallest weight of a step.
        ends: filled with the end of each step, halfway to the next sample.
        heights: filled with the mean y of each step.

    Returns:
        The number of steps.
    """
    starts, cuts = np.empty(ends.size + 1, np.int64), np.empty(ends.size + 1, np.int64)
    starts[0], starts[1] = 0, x.size
    steps = 1
    for _ in range(depth):
        made = 0
        for step in range(steps):
            cuts[made] = starts[step]
            made += 1
            at = _cut(x, y, weight, starts[step], starts[step + 1], leaf)
            if at < starts[step + 1]:
                cuts[made] = at
                made += 1
        cuts[made] = x.size
        starts, cuts = cuts, starts
        if made == steps:
            break
        steps = made
    for step in range(steps):
        total, number = 0.0, 0.0
        for k in range(starts[step], starts[step + 1]):
            total += weight[k] * y[k]
            number += weight[k]
        heights[step] = total / number
        after = starts[step + 1]
        ends[step] = (x[after - 1] + x[after]) / 2 if after < x.size else np.inf
    return steps


@compiled()
def _climb(  # noqa: PLR0917  # likewise
    x: Floats, taken: Floats, ends: Floats, heights: Floats, total: Floats, votes: Floats
) -> None:
    """Add a tree's prediction for every sample that it was not trained on; x ascending."""
    step = 0
    for k in range(x.size):
        while x[k] > ends[step]:
            step += 1
        if taken[k] == 0:
            total[k] += heights[step]
            votes[k] += 1


@compiled()
def _mean_error(y: Floats, total: Floats, votes: Floats) -> float:
    """Mean absolute error of the samples that have votes; NaN if none has."""
    error, number = 0.0, 0
    for k in range(y.size):
        if votes[k] > 0:
            error += abs(total[k] / votes[k] - y[k])
            number += 1
    return error / number


@compiled()
def _pairs(usage: Floats) -> tuple[Floats, Floats]:
    """Pairs of a sample and the next one, if both are present, ascending by the first."""
    before, after = usage[:-1], usage[1:]
    whole = np.flatnonzero(np.isfinite(before) & np.isfinite(after))
    order = whole[np.argsort(before[whole], kind="mergesort")]
    return before[order], after[order]


@compiled()
def _fit(kept: Floats, new: Floats, draws: Floats, depth: int, leaf: int) -> tuple[float, float]:
    """The two errors of one node's forest; as for ``errors``."""
    (x, y), (new_x, new_y) = _pairs(kept), _pairs(new)
    if x.size == 0 or new_x.size == 0:
        return np.nan, np.nan
    none, total, votes = np.zeros(new_x.size), np.zeros(new_x.size), np.zeros(new_x.size)
    out_total, out_votes = np.zeros(x.size), np.zeros(x.size)
    ends, heights = np.empty(2**depth), np.empty(2**depth)
    for tree in range(draws.shape[0]):
        taken = np.zeros(x.size)
        for k in range(x.size):
            taken[int(draws[tree, k] * x.size)] += 1
        bag = np.flatnonzero(taken)
        _grow(x[bag], y[bag], taken[bag], depth, leaf, ends, heights)
        _climb(x, taken, ends, heights, out_total, out_votes)
        _climb(new_x, none, ends, heights, total, votes)
    return _mean_error(y, out_total, out_votes), _mean_error(new_y, total, votes)


@compiled(parallel=True)
def errors(draws: Floats, depth: int, leaf: int, kept: Floats, new: Floats) -> Floats:
    """Mean absolute errors of a forest for every node; it predicts a sample from the one before.

    Args:
        draws: (trees, kept samples - 1), uniform numbers that select the pairs of a tree, in
            ascending order of the first sample: as many as there are, some more than once.
        depth: how many times every step of a tree is cut in two.
        leaf: smallest number of pairs in a step.
        kept: (nodes, kept samples), the series to train on; NaN where one is missing.
        new: (nodes, new samples), the other one.

    Returns:
        (2, nodes): on the training series, of each pair by the trees that did not use it; and on
        the other series, by all trees. NaN if one of the series has no such pair.
    """
    out = np.empty((2, kept.shape[0]))
    for node in prange(kept.shape[0]):
        out[0, node], out[1, node] = _fit(kept[node], new[node], draws, depth, leaf)
    return out
