"""The series of a figure: of the fleet, or of one node."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.statistics import divide
from scroogevm.reports.lines import Kind, Lines
from scroogevm.reports.reasons import Why
from scroogevm.reports.record import Moment, Pair
from scroogevm.reports.verdicts import Verdicts
from scroogevm.settlement import WindowRecord

USAGE = ("capacity", "allocated", "mean", "p99", "peak")
FACTS = ("demand", "free", "shortfall", "ratio", "misprediction", "violation")
SHARES = ("ratio", "misprediction", "violation")
"""These are fractions of capacity: of a fleet, means over its nodes; all others are sums."""
DRAWN: Mapping[str, Kind] = {
    "demand": "mean",
    "ratio": "mean",
    "misprediction": "share",
    "violation": "share",
}
"""The facts that figures show, and how windows of one point are joined."""
PROMISED = ("demand", "ratio")
"""Of these, figures show what is in force: what was said at the end of the window before."""
Strategies = Mapping[str, Sequence[str]]
"""The names of the strategies of each resource."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One node, or the fleet; arrays are (points,), NaN where missing.

    Attributes:
        name: of the node, empty for the fleet.
        hours: from the origin to the end of each point.
        usage: by resource, then by the names of ``USAGE``.
        said: by resource and strategy, then by the names of ``DRAWN``. ``demand`` is what a
            scheduler was told for these windows, ``misprediction`` the predecessor's, signed, over
            capacity, and ``violation`` what of it was promised and not there.
        step: windows that a point stands for; the last one may have fewer.
        verdicts: what quiescence tests said of the last windows, by resource and strategy; none of
            a fleet.
        ends: hours from the origin to the end of each of these last windows.
        first: number of the first of them.
        why: of the last windows, the newest first: hours to its end, and why strategies that
            explain themselves said what they said; none of a fleet.
    """

    name: str
    hours: Floats
    usage: Mapping[str, Mapping[str, Floats]]
    said: Mapping[Pair, Mapping[str, Floats]]
    step: int = 1
    verdicts: Mapping[Pair, Verdicts] = field(default_factory=dict)
    ends: Floats = field(default_factory=lambda: np.empty(0))
    first: int = 0
    why: Why = field(default_factory=dict)

    @property
    def resources(self) -> Sequence[str]:
        """The resources it has, in order."""
        return list(self.usage)

    def strategies(self, resource: str) -> Sequence[str]:
        """The strategies that spoke of a resource, in order."""
        return [strategy for owner, strategy in self.said if owner == resource]


def usage_of(told: WindowRecord) -> Floats:
    """What ``USAGE`` names, (usage, nodes)."""
    truth = told.truth
    return np.stack([truth.capacity, truth.allocated, told.mean, truth.p99, truth.peak])


def facts_of(told: WindowRecord) -> Floats:
    """What ``FACTS`` names, (facts, strategies, nodes)."""
    settled = told.settled
    capacity = np.broadcast_to(told.truth.capacity, settled.free.shape)
    wrong = divide(settled.misprediction, capacity)
    violation = np.maximum(0.0, -wrong)
    promise = told.promise.told
    return np.stack([promise, settled.free, settled.shortfall, settled.ratio, wrong, violation])


class Drawing:
    """Lines of what figures show, of some nodes or of a fleet.

    Args:
        strategies: of each resource.
        nodes: how many nodes; of a fleet 1.
    """

    def __init__(self, strategies: Strategies, nodes: int) -> None:
        self._strategies = strategies
        self._lines = Lines([kind for *_, kind in _columns(strategies)], nodes)
        self._before: dict[str, Floats] = {}

    def add(self, usage: Mapping[str, Floats], facts: Mapping[str, Floats], hour: float) -> None:
        """Add a window.

        Args:
            usage: by resource, (``USAGE``, nodes).
            facts: by resource, (``FACTS``, strategies, nodes).
            hour: its end.
        """
        rows = []
        for resource in self._strategies:
            now = facts[resource]
            before = self._before.get(resource, np.full_like(now, np.nan))
            rows.append(usage[resource])
            rows += [(before if name in PROMISED else now)[FACTS.index(name)] for name in DRAWN]
        self._before = dict(facts)
        self._lines.add(np.concatenate(rows), hour)

    def blank(self, node: int) -> None:
        """Another node has this place from now on."""
        self._lines.blank(node)

    def panels(self, names: Mapping[int, str]) -> Sequence[Panel]:
        """A panel of each of some nodes, by place, with its name."""
        hours, step = self._lines.hours, self._lines.step
        columns = list(_columns(self._strategies))
        panels = []
        for name, rows in zip(names.values(), self._lines.rows(list(names)), strict=True):
            usage: dict[str, dict[str, Floats]] = {r: {} for r in self._strategies}
            pairs = [(r, s) for r, named in self._strategies.items() for s in named]
            said: dict[Pair, dict[str, Floats]] = {pair: {} for pair in pairs}
            for (resource, strategy, what, _), row in zip(columns, rows, strict=True):
                owner = usage[resource] if strategy is None else said[resource, strategy]
                owner[what] = row
            panels.append(Panel(name, hours, usage, said, step))
        return panels


def _columns(strategies: Strategies) -> Iterator[tuple[str, str | None, str, Kind]]:
    """Resource, strategy, name and kind of each line."""
    for resource, named in strategies.items():
        for name in USAGE:
            yield resource, None, name, "largest" if name == "peak" else "mean"
        for (name, kind), strategy in product(DRAWN.items(), named):
            yield resource, strategy, name, kind


def strategies_of(moment: Moment) -> Strategies:
    """The names of the strategies of each resource."""
    return {resource: told.strategies for resource, told in moment.told.items()}


def cumulated(shares: Floats, step: int = 1) -> Floats:
    """Running sum in which a window that says nothing counts nothing.

    Args:
        shares: the sum over the windows of each point, over ``step``.
        step: windows that a point stands for.
    """
    return np.cumsum(np.nan_to_num(shares)) * step


def absolute(said: Mapping[str, Floats]) -> Floats:
    """``|misprediction|``; of a fleet, the mean over its nodes of it.

    Of each node, ``|m| = m + 2*max(0, -m)``; the right side is linear, so it holds for means too.
    """
    return said["misprediction"] + 2 * said["violation"]
