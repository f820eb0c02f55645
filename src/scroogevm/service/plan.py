"""The plan of a group: how its nodes are judged."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from scroogevm.engine import Engine
from scroogevm.offers.chain import Chain
from scroogevm.ports import Shape, Strategy


@dataclass(frozen=True)
class GroupPlan:
    """How the nodes of a group are judged.

    Attributes:
        name: of the group.
        patterns: names of its nodes, or patterns such as ``rack1-*``.
        driver: name of the strategy whose demand is offered, by resource.
        strategies: by resource and name: the driver, then the shadows.
        chains: the guards of each resource.
        locked: resources that cannot be oversold, such as ``mem`` on hugepages.
        coverage: share of a window's samples that a node needs for a new estimate.
    """

    name: str
    patterns: Sequence[str]
    driver: Mapping[str, str]
    strategies: Mapping[str, Mapping[str, Strategy]]
    chains: Mapping[str, Chain]
    locked: Sequence[str] = ()
    coverage: float = 0.1

    def engine(self, shape: Shape, samples: int | None = None) -> Engine:
        """The engine for some of its nodes.

        Args:
            shape: how time is cut.
            samples: of every window; None if they differ.
        """
        return Engine(
            self.strategies, shape.kept, shape.slices, self.coverage, shape.slice, samples
        )

    def takes(self, node: str) -> bool:
        """Whether a node belongs to it."""
        return any(fnmatchcase(node, pattern) for pattern in self.patterns)


def group_of(node: str, groups: Sequence[GroupPlan]) -> GroupPlan:
    """The first group that takes a node; the last one takes all other nodes."""
    return next((group for group in groups if group.takes(node)), groups[-1])
