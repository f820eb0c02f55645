"""Scores promises window by window, with one definition for live and replay.

The promise of a strategy for a window is its demand at the end of the window before. With several
slices in a scope it is the largest demand over the slices, which is published to a scheduler.
Every array has nodes as its last axis. Other axes may precede it, so that the strategies of a
resource are settled together: (strategies, nodes). NaN means unknown and is never scored.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields

import numpy as np

from scroogevm.core.arrays import Floats, Ints
from scroogevm.core.window import VMs, Window, take
from scroogevm.core.without import without


@dataclass(frozen=True, eq=False)
class Truth:
    """What happened on nodes in one window, one resource; (nodes,) each.

    Attributes:
        capacity: of each node.
        allocated: to the VMs on it.
        added: allocation since the window before, to new VMs or to grown ones.
        p99: percentile 99 of the usage.
        peak: its maximum.
        known: percentile 99 of the usage without the VMs that arrived since the window before;
            they were unknown when the promise was made.
    """

    capacity: Floats
    allocated: Floats
    added: Floats
    p99: Floats
    peak: Floats
    known: Floats


@dataclass(frozen=True, eq=False)
class Promise:
    """The promise at the end of a window, and all the data to settle it with the next window.

    This is all the state between windows: arrays over nodes.

    Attributes:
        told: (..., nodes), the published demand.
        free: (..., nodes), ``max(0, capacity - told)``: what a scheduler may allocate.
        offer: (..., nodes), ``max(0, capacity - demand)``: the predecessor's, of its slice alone.
        allocated: (nodes,), when it was made.
        p99: (nodes,), of the window at whose end it was made.
        recent: (slices - 1, ..., nodes), the demands before it, newest first; NaN if none.
        seen: (nodes,), windows before it.
    """

    told: Floats
    free: Floats
    offer: Floats
    allocated: Floats
    p99: Floats
    recent: Floats
    seen: Floats

    @classmethod
    def none(cls, shape: tuple[int, ...], slices: int) -> "Promise":
        """The promise before the first window.

        Args:
            shape: of a demand, nodes last.
            slices: slices in a scope.
        """
        nothing, nodes = np.full(shape, np.nan), np.full(shape[-1], np.nan)
        recent = np.full((slices - 1, *shape), np.nan)
        return cls(nothing, nothing, nothing, nodes, nodes, recent, np.zeros(shape[-1]))

    def aligned(self, nodes: Ints, strategies: Ints | None = None) -> "Promise":
        """The same for other nodes, and other strategies.

        Args:
            nodes: (nodes,), the position of each node here; -1 for a new one, which has no
                promise.
            strategies: likewise, for the axis before; None if they are the same.
        """
        moved = {}
        for name, array in self.arrays().items():
            cold = 0.0 if name == "seen" else np.nan
            moved[name] = _moved(array, nodes, cold, -1)
            if strategies is not None and name in _OF_STRATEGIES:
                moved[name] = _moved(moved[name], strategies, cold, -2)
        return Promise(**moved)

    def arrays(self) -> Mapping[str, Floats]:
        """The same as data: ``Promise(**arrays)`` is this promise again."""
        return {name: getattr(self, name) for name in self.names()}

    @classmethod
    def names(cls) -> Sequence[str]:
        """The names of its arrays."""
        return [item.name for item in fields(cls)]


@dataclass(frozen=True, eq=False)
class Settled:
    """The results of promises in one window, (..., nodes) each.

    Attributes:
        shortfall: ``max(0, p99(t) - told(t-1) - added(t))``: usage above the promise.
        worst: the same with the maximum instead of percentile 99.
        waste: ``max(0, told(t-1) + added(t) - p99(t))``: kept ready and not used.
        savings: ``1 - told/allocated`` of the promise made at t.
        free: ``max(0, capacity - told)`` of the promise made at t.
        ratio: ``(allocated + free) / capacity`` of the promise made at t: oversubscription.
        decrease: ``max(0, free(t-1) - added(t) - free(t))``: an offer taken back.
        churn: ``|free(t) - free(t-1)|``.
        misprediction: the predecessor's, ``truth(t) - expected(t)``.
        correction: the predecessor's decrease, ``max(0, expected(t) - offer(t))``.
        excess: ``known(t) - told(t-1)``: above 0 if usage exceeded the promise.
    """

    shortfall: Floats
    worst: Floats
    waste: Floats
    savings: Floats
    free: Floats
    ratio: Floats
    decrease: Floats
    churn: Floats
    misprediction: Floats
    correction: Floats
    excess: Floats


SCORES: Mapping[str, str] = {
    "violation_rate": "share of windows with p99 above the promise by more than the tolerance",
    "violation_rate_max": "the same with the maximum instead of p99",
    "mean_severity": "mean of shortfall / capacity",
    "p99_severity": "percentile 99 over windows of shortfall / capacity",
    "worst_severity": "largest shortfall of the maximum / capacity",
    "savings": "mean of 1 - demand / allocated",
    "offered_free": "mean of free / capacity",
    "oversubscription": "mean of (allocated + free) / capacity",
    "waste": "mean of what was held back and not used / capacity",
    "coverage": "share of windows in which p99 without new VMs stayed within the promise",
    "check": "mean check function at a risk of 1 % / capacity: 0.99 of what the usage without new "
    "VMs exceeded the promise by, 0.01 of what it stayed below it",
    "regret": "mean distance from the oracle's demand / capacity: waste and shortfall together",
    "decreases": "number of times an offer was reduced by more than new VMs took",
    "churn": "sum of |change of free| / capacity",
    "misprediction": "the predecessor's: sum of |truth - expected| / capacity",
    "violation": "the predecessor's: sum of max(0, expected - truth) / capacity",
    "corrections": "the predecessor's decreases: sum of max(0, expected - free) / capacity",
    "windows": "windows judged",
}
"""Every score by name, with its meaning. Rates and shares are fractions of 1. Sums and counts are
of one node; for a fleet they are the mean over the nodes that were judged."""

CHECKED = 0.01
"""The risk of ``check``."""

ROUNDING = 1e-9
"""Share of capacity below which a difference is rounding, and not a violation or a decrease."""


def since(before: VMs, now: Window) -> tuple[Floats, Floats]:
    """The changes of VMs since the window before, (nodes,) each.

    Args:
        before: the VMs of that window.
        now: the window that followed.

    Returns:
        The new allocation, of new VMs and of old ones that grew; and percentile 99 of the usage
        without the new ones.
    """
    place = before.find(now.vms.ids)
    had = take(before.allocated, place, 0.0)
    added = now.vms.per_node(np.maximum(0.0, now.vms.allocated - had), now.nodes)
    return added, without(now, place < 0)


def matched(before: Sequence[str], now: Sequence[str]) -> Ints:
    """The position before of each node now; -1 for a new one.

    >>> matched(["a", "b"], ["b", "c"]).tolist()
    [1, -1]
    """
    places = {name: place for place, name in enumerate(before)}
    return np.array([places.get(name, -1) for name in now], np.int64)


def promise(before: Promise, truth: Truth, demand: Floats) -> Promise:
    """The promise at the end of a window: the largest demand over the slices.

    A slice without a window counts at the allocation of VMs. A promise is never below zero,
    although doa can have such a demand: a node cannot offer more than its capacity.

    Args:
        before: the promise of the window before, of the same nodes.
        truth: of the window that ended.
        demand: (..., nodes), of the strategies for its slice.
    """
    told = demand.copy()
    for earlier in before.recent:
        np.fmax(told, earlier, out=told)
    slices = len(before.recent) + 1
    unseen = before.seen < slices - 1
    told = np.maximum(np.where(unseen, np.fmax(told, truth.allocated), told), 0.0)
    return Promise(
        told=told,
        free=np.maximum(0.0, truth.capacity - told),
        offer=np.maximum(0.0, truth.capacity - demand),
        allocated=truth.allocated,
        p99=truth.p99,
        recent=np.concatenate([demand[np.newaxis], before.recent])[: slices - 1],
        seen=np.minimum(before.seen + 1, slices),
    )


def settle(before: Promise, truth: Truth, now: Promise) -> Settled:
    """Settle one window: compare it with the promise of the window before.

    Args:
        before: the promise at the end of the window before, of the same nodes.
        truth: what happened in the window.
        now: the promise at its end.
    """
    held = before.told + truth.added
    change = truth.allocated - before.allocated
    # VMs that left no longer use anything, but their allocation does not reduce the promise.
    expected = before.offer - np.where(change >= 0, change, truth.p99 - before.p99)
    return Settled(
        shortfall=np.maximum(0.0, truth.p99 - held),
        worst=np.maximum(0.0, truth.peak - held),
        waste=np.maximum(0.0, held - truth.p99),
        savings=1 - now.told / positive(truth.allocated),
        free=now.free,
        ratio=(truth.allocated + now.free) / positive(truth.capacity),
        decrease=np.maximum(0.0, before.free - truth.added - now.free),
        churn=abs(now.free - before.free),
        misprediction=truth.capacity - truth.p99 - expected,
        correction=np.maximum(0.0, expected - now.offer),
        excess=truth.known - before.told,
    )


@dataclass(frozen=True, eq=False)
class Promises:
    """The promises at the end of a window of nodes, all resources and strategies, by name.

    Attributes:
        nodes: their names.
        strategies: by resource, their names.
        made: by resource, of (strategies, nodes).
    """

    nodes: Sequence[str] = ()
    strategies: Mapping[str, Sequence[str]] = field(default_factory=dict)
    made: Mapping[str, Promise] = field(default_factory=dict)

    def before(
        self, resource: str, strategies: Sequence[str], nodes: Sequence[str], slices: int
    ) -> Promise:
        """The promise of a resource for these strategies and nodes, by name.

        A node that is new, or was away for a window, has no promise.
        """
        made, named = self.made.get(resource), self.strategies.get(resource, ())
        if made is None or len(made.recent) != slices - 1:
            return Promise.none((len(strategies), len(nodes)), slices)
        same_nodes, same_strategies = same_names(self.nodes, nodes), same_names(named, strategies)
        if same_nodes and same_strategies:
            return made
        rows = None if same_strategies else matched(named, strategies)
        return made.aligned(matched(self.nodes, nodes), rows)

    def then(
        self,
        nodes: Sequence[str],
        slices: int,
        said: Mapping[str, tuple[Truth, Mapping[str, Floats]]],
    ) -> tuple["Promises", Mapping[str, Settled]]:
        """Settle these promises with the next window, and keep the promises at its end.

        Args:
            nodes: of the window.
            slices: slices in a scope.
            said: by resource, the truth, and the demand of each strategy, (nodes,).

        Returns:
            The new promises; the results of the old ones, by resource, (strategies, nodes).
        """
        made, settled = {}, {}
        for resource, (truth, demands) in said.items():
            before = self.before(resource, list(demands), nodes, slices)
            stacked = np.stack(list(demands.values())) if demands else before.told
            made[resource] = promise(before, truth, stacked)
            settled[resource] = settle(before, truth, made[resource])
        strategies = {resource: tuple(demands) for resource, (_, demands) in said.items()}
        return Promises(nodes, strategies, made), settled

    def arrays(self) -> Mapping[str, Floats]:
        """The arrays, by ``resource/name``; the names of nodes and strategies are separate."""
        return {
            f"{resource}/{name}": array
            for resource, made in self.made.items()
            for name, array in made.arrays().items()
        }

    @classmethod
    def restored(
        cls,
        nodes: Sequence[str],
        strategies: Mapping[str, Sequence[str]],
        arrays: Mapping[str, Floats],
    ) -> "Promises":
        """Restore from names, and from the result of ``arrays``."""
        made = {
            resource: Promise(**{n: arrays[f"{resource}/{n}"] for n in Promise.names()})
            for resource in strategies
        }
        return cls(tuple(nodes), strategies, made)


def positive(values: Floats) -> Floats:
    """The values, NaN if not above zero, because they are used as divisors."""
    return np.where(values > 0, values, np.nan)


def _moved(array: Floats, places: Ints, absent: float, axis: int) -> Floats:
    """Take positions along an axis; -1 is absent."""
    padding = list(array.shape)
    padding[axis] = 1
    padded = np.concatenate([array, np.full(padding, absent)], axis=axis)
    return np.take(padded, places, axis=axis)  # -1 is the last, which is the padding


_OF_STRATEGIES = ("told", "free", "offer", "recent")


def same_names(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether names are the same, in the same order."""
    return one is other or tuple(one) == tuple(other)
