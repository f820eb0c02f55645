"""A chunk's windows as arrays: what happened, and what each strategy said."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.ports import Shape
from scroogevm.scoring import Judged, Truth, judge, promised

Pair = tuple[str, str]
"""A resource and a strategy."""
Memos = Mapping[str, Floats]
"""What a strategy remembered, by name, (windows, nodes); NaN where there was none."""


@dataclass(frozen=True, eq=False)
class Answer:
    """What one strategy said of one resource in every window of a chunk, and how that was.

    Attributes:
        resource: ``cpu`` or ``mem``.
        strategy: the name it is reported under.
        demand: (windows, nodes), each of its own slice.
        told: (windows, nodes), the promise: what a scheduler is told.
        judged: the promises against what then happened.
        memos: what the strategy remembered.
    """

    resource: str
    strategy: str
    demand: Floats
    told: Floats
    judged: Judged
    memos: Memos


@dataclass(frozen=True, eq=False)
class Record:
    """All windows of a chunk of nodes. Arrays are (windows, nodes).

    Attributes:
        shape: how the windows were cut.
        nodes: names of the nodes.
        numbers: count of each window since the start.
        slices: position of each window in its scope.
        ends: seconds at which each window closed, on the clock of its source.
        truth: what happened, by resource; NaN where too few samples say it.
        mean: mean usage, by resource.
        measured: where there were samples enough, by resource.
        demands: what each strategy said.
        memos: what each strategy remembered.
    """

    shape: Shape
    nodes: Sequence[str]
    numbers: Sequence[int]
    slices: Sequence[int]
    ends: Sequence[float]
    truth: Mapping[str, Truth]
    mean: Mapping[str, Floats]
    measured: Mapping[str, Bools]
    demands: Mapping[Pair, Floats]
    memos: Mapping[Pair, Memos]

    @property
    def windows(self) -> int:
        """Number of windows."""
        return len(self.numbers)

    @property
    def hours(self) -> Floats:
        """Hours from the origin to the end of each window, (windows,)."""
        return (np.asarray(self.ends, np.float64) - self.shape.origin) / 3600

    def answers(self) -> Iterator[Answer]:
        """Judge every strategy, one after the other: only one is ever held in memory."""
        for (resource, strategy), demand in self.demands.items():
            truth = self.truth[resource]
            told = promised(demand, truth.allocated, self.shape.slices)
            judged = judge(truth, demand, told)
            memos = self.memos[resource, strategy]
            yield Answer(resource, strategy, demand, told, judged, memos)

    def only(self, nodes: Sequence[int]) -> "Record":
        """The record of some of the nodes, by position."""
        at = list(nodes)
        return replace(
            self,
            nodes=[self.nodes[node] for node in at],
            truth={resource: _columns(truth, at) for resource, truth in self.truth.items()},
            mean={resource: array[:, at] for resource, array in self.mean.items()},
            measured={resource: array[:, at] for resource, array in self.measured.items()},
            demands={pair: array[:, at] for pair, array in self.demands.items()},
            memos={
                pair: {name: array[:, at] for name, array in memos.items()}
                for pair, memos in self.memos.items()
            },
        )


def _columns(truth: Truth, at: list[int]) -> Truth:
    return Truth(**{item.name: getattr(truth, item.name)[:, at] for item in fields(Truth)})
