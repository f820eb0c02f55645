"""Selects the nodes that are shown one by one."""

from collections.abc import Iterable, Sequence
from typing import Generic, TypeVar

import numpy as np

from scroogevm.core.arrays import Floats, Ints

T = TypeVar("T")
NODES_SHOWN = 24


class Few(Generic[T]):
    """Keeps what belongs to a bounded number of nodes: the first, and those of most interest.

    Args:
        nodes: how many.
    """

    def __init__(self, nodes: int = NODES_SHOWN) -> None:
        self._first, self._best = nodes - nodes // 3 * 2, nodes // 3 * 2
        self._kept: list[tuple[float, int, T]] = []

    @property
    def items(self) -> Sequence[T]:
        """What was kept, in the order of the trace."""
        return [item for _, _, item in sorted(self._kept, key=lambda kept: kept[1])]

    def worthwhile(self, interest: Floats, seen: int = 0) -> Sequence[int]:
        """The nodes of a chunk that may be kept, by position.

        Args:
            interest: (nodes,), of each node.
            seen: how many nodes there were before this chunk.
        """
        first = range(min(interest.size, max(0, self._first - seen)))
        best = np.argsort(-interest, kind="stable")[: self._first + self._best].tolist()
        return sorted({*first, *best})

    def keep(self, new: Iterable[tuple[float, int, T]]) -> None:
        """Choose among what is kept and what is new: interest, number in the trace, item."""
        candidates = [*self._kept, *new]
        head = [kept for kept in candidates if kept[1] < self._first]
        rest = sorted(
            (kept for kept in candidates if kept[1] >= self._first),
            key=lambda kept: (-kept[0], kept[1]),
        )
        self._kept = head + rest[: self._best]


class Focus:
    """Which nodes of a chunk are watched while its windows pass.

    Attributes:
        nodes: (places,), the node at each place, the first ones first.

    Args:
        nodes: how many nodes the chunk has.
        places: how many are watched; the more, the fewer are turned to late.
        most: how many are shown in the end.
    """

    def __init__(self, nodes: int, places: int, most: int = NODES_SHOWN) -> None:
        self._first = most - most // 3 * 2
        self.nodes: Ints = np.arange(min(nodes, max(places, most)))

    def follow(self, interest: Floats) -> Sequence[int]:
        """Turn to the nodes of most interest so far.

        Args:
            interest: (nodes,), never falling from one window to the next.

        Returns:
            The places that now watch another node.
        """
        if interest.size <= self.nodes.size:
            return []
        free = self.nodes[self._first :]
        outside = np.setdiff1d(np.arange(interest.size), self.nodes, assume_unique=True)
        candidates = np.concatenate([free, outside])
        # Those that are watched stay unless another is of more interest, not only of as much.
        order = np.argsort(-interest[candidates], kind="stable")[: free.size]
        wanted = candidates[order]
        leaving = np.flatnonzero(~np.isin(free, wanted)) + self._first
        self.nodes[leaving] = wanted[~np.isin(wanted, free)]
        return leaving.tolist()


def choice(carried: int, nodes: int, interest: str) -> str:
    """States in words how many nodes the reader of a page can choose from.

    Args:
        carried: nodes that are in the page.
        nodes: how many there are.
        interest: why the nodes after the first ones were kept.

    >>> choice(24, 3000, "that were quiescent least often")
    '24 of 3,000 nodes can be chosen: the first ones, and those that were quiescent least often.'
    """
    if nodes == 1:
        return ""
    if carried >= nodes:
        return "Every node can be chosen."
    return f"{carried} of {nodes:,} nodes can be chosen: the first ones, and those {interest}."
