"""Settled windows: one by one, and a few of them as arrays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from functools import cached_property

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.estimate import Estimate
from scroogevm.core.window import Window
from scroogevm.ports import Shape
from scroogevm.scoring import Settled, Truth
from scroogevm.settlement import WindowRecord

Pair = tuple[str, str]
"""A resource and a strategy."""
Memos = Mapping[str, Floats]
"""The memos of a strategy, by name, (windows, nodes); NaN if there was none."""


@dataclass(frozen=True, eq=False)
class Moment:
    """One window of a chunk, settled.

    Attributes:
        shape: how windows were cut.
        nodes: names of the nodes.
        number: count of windows since the start.
        slice: its position in its scope.
        end: seconds at which it closed, on the clock of its source.
        told: by resource.
        windows: its samples, by resource; none once it is kept.
    """

    shape: Shape
    nodes: Sequence[str]
    number: int
    slice: int
    end: float
    told: Mapping[str, WindowRecord]
    windows: Mapping[str, Window]

    @property
    def hour(self) -> float:
        """Hours from the origin to its end."""
        return (self.end - self.shape.origin) / 3600

    @property
    def kept(self) -> "Moment":
        """The same without its samples."""
        return replace(self, windows={})


@dataclass(frozen=True, eq=False)
class StrategyAnswer:
    """The demands of one strategy for one resource, with the results; (windows, nodes) each.

    Attributes:
        resource: ``cpu`` or ``mem``.
        strategy: the name it is reported under.
        demand: each of its own slice.
        told: the published promise.
        settled: the results of the promises.
        memos: of the strategy.
    """

    resource: str
    strategy: str
    demand: Floats
    told: Floats
    settled: Settled
    memos: Memos


@dataclass(frozen=True, eq=False)
class Record:
    """A few windows in a row of one chunk, as arrays (windows, nodes).

    Attributes:
        moments: the windows; at least one.
    """

    moments: Sequence[Moment]

    @property
    def shape(self) -> Shape:
        """How the windows were cut."""
        return self.moments[0].shape

    @property
    def nodes(self) -> Sequence[str]:
        """Names of the nodes."""
        return self.moments[0].nodes

    @property
    def windows(self) -> int:
        """Number of windows."""
        return len(self.moments)

    @cached_property
    def numbers(self) -> Sequence[int]:
        """Count of each window since the start."""
        return [moment.number for moment in self.moments]

    @cached_property
    def slices(self) -> Sequence[int]:
        """Position of each window in its scope."""
        return [moment.slice for moment in self.moments]

    @cached_property
    def ends(self) -> Sequence[float]:
        """Seconds at which each window closed, on the clock of its source."""
        return [moment.end for moment in self.moments]

    @property
    def hours(self) -> Floats:
        """Hours from the origin to the end of each window, (windows,)."""
        return np.array([moment.hour for moment in self.moments], np.float64)

    @cached_property
    def truth(self) -> Mapping[str, Truth]:
        """What happened, by resource."""
        return {
            resource: Truth(
                **{
                    item.name: np.stack([getattr(told.truth, item.name) for told in each])
                    for item in fields(Truth)
                }
            )
            for resource, each in self._told.items()
        }

    @cached_property
    def measured(self) -> Mapping[str, Bools]:
        """Whether there were enough samples, by resource."""
        return {r: np.stack([told.measured for told in each]) for r, each in self._told.items()}

    def estimates(self) -> Iterator[tuple[Pair, Sequence[Estimate]]]:
        """The estimates of each strategy in each window."""
        for resource, each in self._told.items():
            for place, strategy in enumerate(each[0].strategies):
                yield (resource, strategy), [told.estimates[place] for told in each]

    def answers(self) -> Iterator[StrategyAnswer]:
        """The answers of strategies, one after the other; only one is in memory at a time."""
        for resource, each in self._told.items():
            for place, strategy in enumerate(each[0].strategies):
                yield StrategyAnswer(
                    resource,
                    strategy,
                    demand=np.stack([told.estimates[place].demand for told in each]),
                    told=np.stack([told.promise.told[place] for told in each]),
                    settled=Settled(
                        **{
                            item.name: np.stack(
                                [getattr(told.settled, item.name)[place] for told in each]
                            )
                            for item in fields(Settled)
                        }
                    ),
                    memos=by_name([told.estimates[place].memo for told in each], len(self.nodes)),
                )

    @cached_property
    def _told(self) -> Mapping[str, Sequence[WindowRecord]]:
        resources = self.moments[0].told
        return {r: [moment.told[r] for moment in self.moments] for r in resources}


def by_name(rows: Sequence[Mapping[str, Floats]], nodes: int) -> Memos:
    """Each array over all windows, (windows, nodes); NaN where a window has none."""
    names = dict.fromkeys(name for row in rows for name in row)
    missing = np.full(nodes, np.nan)
    return {name: np.stack([row.get(name, missing) for row in rows]) for name in names}
