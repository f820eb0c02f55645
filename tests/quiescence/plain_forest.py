"""The forest test once more, plainly: one node, trees of nested tuples, every cut tried."""

from itertools import pairwise
from operator import itemgetter

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.quiescence._draws import draws

Pair = tuple[float, float]
Tree = float | tuple[float, "Tree", "Tree"]


def pairs_of(usage: Floats) -> list[Pair]:
    return [(x, y) for x, y in pairwise(usage.tolist()) if not np.isnan(x + y)]


def squares(taken: list[Pair]) -> float:
    outputs = [y for _, y in taken]
    return float(np.sum((np.array(outputs) - np.mean(outputs)) ** 2))


def grown(taken: list[Pair], depth: int, leaf: int) -> Tree:
    """A height, or where to cut and what stands left and right of it."""
    best, tree = squares(taken), None
    inputs = sorted({x for x, _ in taken})
    for before, after in pairwise(inputs if depth else []):
        left = [pair for pair in taken if pair[0] <= before]
        right = [pair for pair in taken if pair[0] >= after]
        error = squares(left) + squares(right)
        if min(len(left), len(right)) >= leaf and error < best - 1e-12:
            best, tree = error, ((before + after) / 2, left, right)
    if tree is None:
        return float(np.mean([y for _, y in taken]))
    cut, left, right = tree
    return cut, grown(left, depth - 1, leaf), grown(right, depth - 1, leaf)


def predicted(tree: Tree, x: float) -> float:
    while isinstance(tree, tuple):
        tree = tree[1] if x <= tree[0] else tree[2]
    return tree


def errors(
    kept: list[Pair], new: list[Pair], *, trees: int, depth: int, leaf: int, draw: int
) -> tuple[float, float]:
    """Mean absolute errors on the kept pairs, out of bag, and on the new ones; NaN without either.

    Args:
        draw: how many numbers are drawn for a tree, at least one for each pair.
    """
    if not kept or not new:
        return float("nan"), float("nan")
    forest, kept = [], sorted(kept, key=itemgetter(0))
    for number in range(trees):
        places = [int(u * len(kept)) for u in draws(number, 0, draw)[: len(kept)]]
        forest.append((set(places), grown([kept[place] for place in places], depth, leaf)))
    out = []
    for place, (x, y) in enumerate(kept):
        votes = [predicted(tree, x) for taken, tree in forest if place not in taken]
        out += [abs(np.mean(votes) - y)] if votes else []
    after = [abs(np.mean([predicted(tree, x) for _, tree in forest]) - y) for x, y in new]
    return float(np.mean(out)), float(np.mean(after))
