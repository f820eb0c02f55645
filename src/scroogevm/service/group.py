"""Judges the nodes of a group, window by window."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scroogevm.core.arrays import Floats, Ints
from scroogevm.core.snapshot import Snapshot
from scroogevm.core.window import Occurrence
from scroogevm.offers.facts import Facts
from scroogevm.offers.offer import Offer
from scroogevm.ports import RESOURCES, Shape, Step, Store
from scroogevm.runner import Lockstep, Runner
from scroogevm.service.batch import LARGEST, Batch
from scroogevm.service.facts import contention, facts
from scroogevm.service.feed import Feed, Pace
from scroogevm.service.plan import GroupPlan
from scroogevm.service.standing import Standing
from scroogevm.settlement import WindowRecord

Frozen = Mapping[str, Mapping[str, float]]
"""Free that an operator froze, by node and resource."""


@dataclass(frozen=True, eq=False)
class Judged:
    """One resource of the nodes of a group, in one window; arrays are over the nodes.

    Attributes:
        offer: after guards.
        facts: of the guards.
        state: position in ``STATES``.
        since: begin of this state, seconds since 1970.
        estimated: the promise of the driver, before guards.
        p99: percentile 99 of the usage; NaN if there are too few samples.
        demands: the promise of each strategy, (strategies, nodes).
        strategies: their names, the driver first.
    """

    offer: Offer
    facts: Facts
    state: Ints
    since: Floats
    estimated: Floats
    p99: Floats
    demands: Floats
    strategies: Sequence[str]


@dataclass(frozen=True, eq=False)
class GroupWindow:
    """The results of one window of a group.

    Attributes:
        plan: of the group.
        nodes: names.
        end: of the window, seconds since 1970.
        judged: by resource.
        vms: (nodes,), VMs on each.
        unmeasured: (nodes,), of these, VMs without a sample of cpu usage.
        samples: in a complete window.
        steps: of each batch.
    """

    plan: GroupPlan
    nodes: Sequence[str]
    end: float
    judged: Mapping[str, Judged]
    vms: Ints
    unmeasured: Ints
    samples: int
    steps: Sequence[Step]


class Group:
    """The nodes of a group and their whole state.

    Args:
        plan: how they are judged.
        shape: how time is cut.
        pace: of samples.
    """

    def __init__(self, plan: GroupPlan, shape: Shape, pace: Pace) -> None:
        self.plan = plan
        self._shape = shape
        self._pace = pace
        self._samples = round(shape.slice / pace.interval)
        self.batches: list[Batch] = []
        self._runners: list[Runner] = []
        self._together = Lockstep(self._runners)
        self.standing = Standing()

    @property
    def nodes(self) -> Sequence[str]:
        """Names of the nodes, batch by batch."""
        return [node for batch in self.batches for node in batch.nodes]

    def join(self, nodes: Sequence[str]) -> None:
        """Add new nodes, in this order."""
        rest = list(nodes)
        for batch in self.batches:
            room = LARGEST - len(batch.nodes)
            if rest and room > 0:
                batch.feed.realign([*batch.nodes, *rest[:room]])
                rest = rest[room:]
        while rest:
            self._add().feed.realign(rest[:LARGEST])
            rest = rest[LARGEST:]
        self.standing.realign(self.nodes)

    def leave(self, nodes: Sequence[str]) -> None:
        """Remove nodes."""
        gone = set(nodes)
        for batch in self.batches:
            if gone & set(batch.nodes):
                batch.feed.realign([node for node in batch.nodes if node not in gone])
        self.standing.realign(self.nodes)

    def judge(self, store: Store, number: int, frozen: Frozen) -> GroupWindow:
        """Judge the window of a number, counted since 1970.

        Args:
            store: where samples are.
            number: of the window.
            frozen: by operators.

        Raises:
            StoreError: the store cannot be read. The state may be incomplete then: begin again
                from a snapshot.
        """
        occurrences = [batch.feed.window(store, number) for batch in self.batches]
        steps = self._together.step([(occurrence, ()) for occurrence in occurrences])
        made = [step for step in steps if step is not None]
        records = [b.settlement.then(s) for b, s in zip(self.batches, made, strict=True)]
        end = (number + 1) * self._shape.slice
        judged = {
            resource: self._judge(
                resource, end, occurrences, [r[resource] for r in records], frozen
            )
            for resource in RESOURCES
        }
        self._settle(end, records, judged)
        for batch in self.batches:
            batch.renumber()
        return GroupWindow(
            self.plan,
            self.nodes,
            end,
            judged,
            *_counted(occurrences),
            samples=self._samples,
            steps=made,
        )

    def snapshot(self) -> Mapping[str, Snapshot]:
        """The whole state except totals, by ``BATCH/PART`` and part."""
        parts = {
            f"{at}/{part}": arrays
            for at, batch in enumerate(self.batches)
            for part, arrays in batch.snapshot().items()
        }
        pools = self._together.snapshot_pools()
        return {**parts, "standing": self.standing.snapshot(), "pools": pools}

    def restore(
        self, parts: Mapping[str, Snapshot], totals: Mapping[str, Mapping[str, NDArray[Any]]]
    ) -> None:
        """Continue from a snapshot.

        Args:
            parts: the result of ``snapshot``.
            totals: of the day, by number of the batch.

        Raises:
            ValueError: a part is not a snapshot.
            KeyError: a part is missing.
        """
        numbers = sorted({int(at) for at, _, part in (n.partition("/") for n in parts) if part})
        for at in numbers:
            mine = {n.partition("/")[2]: a for n, a in parts.items() if n.startswith(f"{at}/")}
            self._add().restore(mine, totals.get(str(at), {}))
        self.standing = Standing.restored(parts["standing"])
        self._together.restore_pools(parts["pools"])

    def _add(self) -> Batch:
        runner = Runner(self.plan.engine(self._shape, self._samples))
        batch = Batch(Feed(self._shape, self._pace), runner, self._shape.slices)
        self.batches.append(batch)
        self._runners.append(runner)
        return batch

    def _judge(
        self,
        resource: str,
        end: float,
        occurrences: Sequence[Occurrence],
        records: Sequence[WindowRecord],
        frozen: Frozen,
    ) -> Judged:
        """One resource of all batches together, for guards."""
        driver = self.plan.driver[resource]
        names = records[0].strategies if records else ()
        demands = _joined([record.promise.told for record in records])
        estimated = demands[list(names).index(driver)] if records else np.empty(0)
        windows = [occurrence.windows[resource] for occurrence in occurrences]
        allocated = _joined([window.allocated for window in windows])
        numbers = {
            "capacity": _joined([window.capacity for window in windows]),
            "allocated": allocated,
            "estimated": estimated,
            "age": _joined([each.signals["age"] for each in occurrences]),
            "list_age": _joined([each.signals["list_age"] for each in occurrences]),
            "coverage": _joined([w.present / max(1, w.usage.shape[1]) for w in windows]),
            "locked": allocated if resource in self.plan.locked else np.zeros(allocated.size),
            "frozen": self._frozen(resource, frozen),
        }
        signals = [
            contention(resource, each.signals, each.windows["cpu"].mean) for each in occurrences
        ]
        joined = {name: _joined([each[name] for each in signals]) for name in signals[0]}
        known = facts(
            resource,
            self.standing,
            numbers,
            joined,
            kept=self._shape.kept,
            interval=self._pace.interval,
        )
        # A node that never had a sample has no capacity, because nothing is known about it.
        capacity = np.where(known.capacity > 0, known.capacity, np.nan)
        offer = self.plan.chains[resource].limit(Offer.of(capacity, allocated, estimated), known)
        state = offer.state
        since = np.where(
            state == self.standing.get(resource, "state"), self.standing.get(resource, "since"), end
        )
        self._note(resource, known, offer, state, since)
        p99 = _joined([record.truth.p99 for record in records])
        return Judged(offer, known, state, since, estimated, p99, demands, names)

    def _frozen(self, resource: str, frozen: Frozen) -> Floats:
        return np.array([frozen.get(n, {}).get(resource, np.nan) for n in self.nodes], np.float64)

    def _note(self, resource: str, known: Facts, offer: Offer, state: Ints, since: Floats) -> None:
        for name, values in {
            "free": offer.free,
            "allocated": known.allocated,
            "coverage": known.coverage,
            "windows": known.windows,
            "state": state,
            "since": since,
            **{f"told/{name}": told for name, told in known.told.items()},
        }.items():
            self.standing.put(resource, name, values)

    def _settle(
        self,
        end: float,
        records: Sequence[Mapping[str, WindowRecord]],
        judged: Mapping[str, Judged],
    ) -> None:
        first = 0
        for batch, mine in zip(self.batches, records, strict=True):
            last = first + len(batch.nodes)
            free = {resource: one.offer.free[first:last] for resource, one in judged.items()}
            batch.settle(end, mine, free)
            first = last


def _joined(parts: Sequence[Floats]) -> Floats:
    """The nodes of all batches, along the last axis."""
    return np.concatenate(parts, axis=-1) if parts else np.empty(0)


def _counted(occurrences: Sequence[Occurrence]) -> tuple[Ints, Ints]:
    """Number of VMs of each node, and of those without a sample."""
    vms, unmeasured = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for occurrence in occurrences:
        here = occurrence.windows["cpu"].vms
        silent = np.isnan(here.usage).all(axis=1)
        nodes = len(occurrence.nodes)
        vms.append(np.bincount(here.node, minlength=nodes))
        unmeasured.append(np.bincount(here.node[silent], minlength=nodes))
    return np.concatenate(vms), np.concatenate(unmeasured)
