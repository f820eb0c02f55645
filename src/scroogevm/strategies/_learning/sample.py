"""Samples rows of all nodes, independent of the order of nodes and chunks.

Chunks return tables of whole numbers, which are summed. The hash of node and window gives the place
of a row. If two rows have the same place, both are lost; the sum of the counts shows it. There are
several tables with fewer and fewer of the rows, so one of them has few collisions for any number of
nodes.
"""

from collections.abc import Sequence
from functools import lru_cache
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from scroogevm.core.arrays import Floats, Ints

LEVELS, PLACES = 12, 256
"""Table l has the rows of one of ``2**l`` nodes, in this number of places."""
FULL = PLACES // 2
"""Places above which a table is too full to be used."""
UNIT = 2.0**20
"""Numbers are kept as whole numbers of ``1/UNIT``."""
MOST = 2.0**10
_MISSING = -(2**40)


def table(names: Sequence[str], window: int, rows: Floats, known: Ints) -> Ints:
    """The tables of some nodes, (``LEVELS``, ``PLACES``, numbers + 1); the last one is the count.

    Args:
        names: of the nodes.
        window: number of the window.
        rows: (numbers, nodes).
        known: which nodes have a row.
    """
    made = np.zeros((LEVELS, PLACES, rows.shape[0] + 1), np.int64)
    if not known.size:
        return made
    hashes = _mixed(np.array([_hash(names[node]) for node in known.tolist()], np.uint64), window)
    place = (hashes % np.uint64(PLACES)).astype(np.int64)
    sparse = (hashes >> np.uint64(32)) & np.uint64(0xFFFFFFFF)
    whole = np.rint(np.clip(rows[:, known], -MOST, MOST) * UNIT)
    numbers = np.where(np.isnan(whole), _MISSING, np.nan_to_num(whole)).astype(np.int64)
    content = np.concatenate([numbers, np.ones((1, known.size), np.int64)]).T
    for level in range(LEVELS):
        chosen = sparse < np.uint64(1 << (32 - level))
        np.add.at(made[level], place[chosen], content[chosen])
    return made


def chosen(tables: Ints) -> Ints:
    """The rows of the densest table that is not too full, (rows, numbers), in order of place."""
    counts = tables[:, :, -1]
    occupied = np.count_nonzero(counts, axis=1)
    fitting = np.flatnonzero(occupied <= FULL)
    level = int(fitting[0]) if fitting.size else LEVELS - 1
    return np.asarray(tables[level, counts[level] == 1, :-1])


def floats(rows: Ints) -> Floats:
    """The numbers of rows; NaN for a missing one."""
    return np.where(rows == _MISSING, np.nan, rows / UNIT)


@lru_cache(maxsize=1 << 16)
def _hash(name: str) -> int:
    return int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little")


def _mixed(hashes: NDArray[np.uint64], window: int) -> NDArray[np.uint64]:
    """Mixes the bits of numbers: the finaliser of splitmix64 (Steele, Lea, Flood 2014)."""
    with np.errstate(over="ignore"):
        mixed = hashes + np.uint64((window * 0x9E3779B97F4A7C15) & (2**64 - 1))
        mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        return mixed ^ (mixed >> np.uint64(31))
