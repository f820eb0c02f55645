"""Scores promises window by window, with one definition for live and replay.

A strategy's promise for a window is what it said at the end of the window before; with several
slices in a scope it is the largest demand over the slices, since that is what a scheduler is told.
Every array has nodes as its last axis. Axes before it are free, so that the strategies of a
resource are settled together: (strategies, nodes). NaN marks what says nothing and is never scored.
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
        capacity: what each node had.
        allocated: what the VMs on it were promised.
        added: what was promised since the window before, to new VMs or to grown ones.
        p99: percentile 99 of the usage.
        peak: its maximum.
        known: percentile 99 of the usage without the VMs that came since the window before, of
            which whoever made a promise then did not know.
    """

    capacity: Floats
    allocated: Floats
    added: Floats
    p99: Floats
    peak: Floats
    known: Floats


@dataclass(frozen=True, eq=False)
class Promise:
    """What was said at the end of a window, and what settling the next one must know of it.

    This is all the state between windows: arrays over nodes.

    Attributes:
        told: (..., nodes), what a scheduler was told to be ready for.
        free: (..., nodes), ``max(0, capacity - told)``: what it may take.
        offer: (..., nodes), ``max(0, capacity - demand)``: the predecessor's, of its slice alone.
        allocated: (nodes,), when it was made.
        p99: (nodes,), of the window at whose end it was made.
        recent: (slices - 1, ..., nodes), the demands before it, newest first; NaN where none was.
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
        """Nothing was ever said.

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
            nodes: (nodes,), where each node stands here; -1 for one that is new: it was told
                nothing.
            strategies: likewise, of the axis before; None where they are the same.
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
    """What came of promises in one window, (..., nodes) each.

    Attributes:
        shortfall: ``max(0, p99(t) - told(t-1) - added(t))``: usage that was not foreseen.
        worst: the same with the maximum instead of percentile 99.
        waste: ``max(0, told(t-1) + added(t) - p99(t))``: held back and not used.
        savings: ``1 - told/allocated`` of the promise made at t.
        free: ``max(0, capacity - told)`` of the promise made at t.
        ratio: ``(allocated + free) / capacity`` of the promise made at t: oversubscription.
        decrease: ``max(0, free(t-1) - added(t) - free(t))``: an offer taken back.
        churn: ``|free(t) - free(t-1)|``.
        misprediction: the predecessor's, ``truth(t) - expected(t)``.
        correction: the predecessor's decrease, ``max(0, expected(t) - offer(t))``.
        excess: ``known(t) - told(t-1)``: above 0 where the promise was exceeded.
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
"""Every score by name, and what it means. Rates and shares are fractions of 1; sums and counts are
those of one node, and for a fleet their mean over its nodes, those never judged left out."""

CHECKED = 0.01
"""The risk that ``check`` is stated at."""

ROUNDING = 1e-9
"""Share of capacity below which a difference is rounding: no violation, no offer taken back."""


def since(before: VMs, now: Window) -> tuple[Floats, Floats]:
    """What happened to the VMs since the window before, (nodes,) each.

    Args:
        before: the VMs of that window.
        now: the window that followed.

    Returns:
        What was promised, to new VMs and to old ones that grew; and percentile 99 of the usage
        without the new ones.
    """
    place = before.find(now.vms.ids)
    had = take(before.allocated, place, 0.0)
    added = now.vms.per_node(np.maximum(0.0, now.vms.allocated - had), now.nodes)
    return added, without(now, place < 0)


def matched(before: Sequence[str], now: Sequence[str]) -> Ints:
    """Where each node of now stood before, -1 for one that is new.

    >>> matched(["a", "b"], ["b", "c"]).tolist()
    [1, -1]
    """
    places = {name: place for place, name in enumerate(before)}
    return np.array([places.get(name, -1) for name in now], np.int64)


def promise(before: Promise, truth: Truth, demand: Floats) -> Promise:
    """What a scheduler is told at the end of a window: the largest demand over the slices.

    A slice that has not been seen yet counts at what was promised to VMs, and nobody is told of a
    demand below zero, which doa arrives at: a node has no more to offer than all of itself.

    Args:
        before: the promise of the window before, of the same nodes.
        truth: of the window that ended.
        demand: (..., nodes), what strategies say of its slice.
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
    """Settle one window: what the promise of the window before was worth, and the new one is like.

    Args:
        before: what was said at the end of the window before, of the same nodes.
        truth: what happened in the window.
        now: what is said at its end.
    """
    held = before.told + truth.added
    change = truth.allocated - before.allocated
    # VMs that left took their usage with them, not what they were promised.
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
    """What was said at the end of a window of nodes, all resources and strategies, by name.

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
        """The promise of a resource as it stands for these strategies and nodes, by name.

        A node that is new, or was away for a window, was told nothing, whatever stood in its row.
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
        """Settle these promises by the window that followed, and keep what is said at its end.

        Args:
            nodes: of the window.
            slices: slices in a scope.
            said: by resource, what happened, and the demand of each strategy, (nodes,).

        Returns:
            The new promises; what came of the old ones, by resource, (strategies, nodes).
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
        """The numbers as data, by ``resource/name``; the names are data already."""
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
        """Take up names, and what ``arrays`` gave."""
        made = {
            resource: Promise(**{n: arrays[f"{resource}/{n}"] for n in Promise.names()})
            for resource in strategies
        }
        return cls(tuple(nodes), strategies, made)


def positive(values: Floats) -> Floats:
    """The values, NaN where they are not above zero: nothing can be divided by them."""
    return np.where(values > 0, values, np.nan)


def _moved(array: Floats, places: Ints, absent: float, axis: int) -> Floats:
    """Take places along an axis; -1 is absent."""
    padding = list(array.shape)
    padding[axis] = 1
    padded = np.concatenate([array, np.full(padding, absent)], axis=axis)
    return np.take(padded, places, axis=axis)  # -1 is the last, which is the padding


_OF_STRATEGIES = ("told", "free", "offer", "recent")


def same_names(one: Sequence[str], other: Sequence[str]) -> bool:
    """Whether names are the same, in the same order."""
    return one is other or tuple(one) == tuple(other)
