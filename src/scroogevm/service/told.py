"""Builds the status that is published from judged windows."""

from collections.abc import Iterator, Mapping, Sequence
from math import isfinite

import numpy as np

from scroogevm import __version__
from scroogevm.core.arrays import Floats
from scroogevm.offers.offer import STATES
from scroogevm.offers.status import (
    VERSION,
    Inputs,
    NodeHold,
    NodeStatus,
    OfferReason,
    ResourceOffer,
    Status,
)
from scroogevm.ports import UNITS, Shape
from scroogevm.service.group import GroupWindow, Judged

_UNMEASURED = "The window has too few samples, so VMs count at their allocation."


def status_of(
    windows: Sequence[GroupWindow],
    number: int,
    shape: Shape,
    *,
    computed_at: float,
    lasts: float,
    holds: Mapping[str, NodeHold],
) -> Status:
    """The published status of a fleet.

    Args:
        windows: of every group, judged.
        number: of the window, counted since 1970.
        shape: how time is cut.
        computed_at: seconds since 1970.
        lasts: seconds after the end of the next window in which it is still valid.
        holds: freezes by node.
    """
    end = (number + 1) * shape.slice
    nodes = {
        status.node: status
        for window in windows
        for status in _nodes(window, end + shape.slice + lasts, holds)
    }
    return Status(
        version=VERSION,
        window=number,
        window_end=end,
        computed_at=computed_at,
        scope=shape.scope,
        slice=shape.slice,
        nodes=dict(sorted(nodes.items())),
        producer=f"scroogevm {__version__}",
    )


def _nodes(
    window: GroupWindow, valid_until: float, holds: Mapping[str, NodeHold]
) -> Iterator[NodeStatus]:
    offers = {resource: _offers(window, resource) for resource in window.judged}
    signals = {resource: _signals(one) for resource, one in window.judged.items()}
    for row, (node, inputs) in enumerate(zip(window.nodes, _inputs(window), strict=True)):
        yield NodeStatus(
            node,
            window.plan.name,
            valid_until,
            {resource: each[row] for resource, each in offers.items()},
            inputs,
            {resource: each[row] for resource, each in signals.items()},
            holds.get(node),
        )


def _offers(window: GroupWindow, resource: str) -> Sequence[ResourceOffer]:
    """The offer of each node."""
    one = window.judged[resource]
    reasons = _reasons(window, resource)
    explanations = _explanations(window, resource)
    strategy, unit = window.plan.driver[resource], UNITS[resource]
    columns = zip(
        *map(
            _known,
            (one.offer.capacity, one.offer.allocated, one.offer.demand, one.estimated, one.p99),
        ),
        one.offer.free.tolist(),
        _known(one.offer.ratio),
        one.state.tolist(),
        one.since.tolist(),
        strict=True,
    )
    return [
        ResourceOffer(
            unit=unit,
            capacity=capacity,
            allocated=allocated,
            demand=demand,
            estimated=estimated,
            free=free,
            ratio=ratio,
            strategy=strategy,
            state=STATES[state],
            since=since,
            reasons=reasons.get(row, ()),
            explanation=explanations[row],
            usage=usage,
        )
        for row, (
            capacity,
            allocated,
            demand,
            estimated,
            usage,
            free,
            ratio,
            state,
            since,
        ) in enumerate(columns)
    ]


def _reasons(window: GroupWindow, resource: str) -> Mapping[int, Sequence[OfferReason]]:
    """The reasons of guards, by row of the node, in their order."""
    one, chain = window.judged[resource], window.plan.chains[resource]
    found: dict[int, list[OfferReason]] = {}
    for change in one.offer.changes:
        guard = chain.guards[change.guard]
        numbers = zip(
            change.node.tolist(), change.free_from.tolist(), change.free_to.tolist(), strict=True
        )
        for row, before, after in numbers:
            sentence = guard.sentence(change.case, one.facts, row)
            found.setdefault(row, []).append(OfferReason(change.guard, before, after, sentence))
    return found


def _explanations(window: GroupWindow, resource: str) -> Sequence[str]:
    """The reason of the driver, for each node; empty if it gives none."""
    name = window.plan.driver[resource]
    strategy = window.plan.strategies[resource][name]
    if not strategy.explains:
        return [""] * len(window.nodes)
    found = []
    for step in window.steps:
        memo = step.estimates[resource][name].memo
        told = {key: array.tolist() for key, array in memo.items() if not key.startswith("_")}
        measured = step.measured[resource].tolist()
        for row, enough in enumerate(measured):
            numbers = {key: values[row] for key, values in told.items()}
            found.append(
                strategy.explain(numbers, UNITS[resource]) if enough and told else _UNMEASURED
            )
    return found


def _inputs(window: GroupWindow) -> Iterator[Inputs]:
    """The data behind the offers of each node: the worse of its resources."""
    every = list(window.judged.values())
    coverage = np.minimum.reduce([one.facts.coverage for one in every]).tolist()
    windows = np.minimum.reduce([one.facts.windows for one in every]).tolist()
    facts, listed = every[0].facts, _known(every[0].facts.list_age)
    columns = zip(
        coverage,
        windows,
        window.vms.tolist(),
        window.unmeasured.tolist(),
        _known(facts.age),
        listed,
        strict=True,
    )
    for share, seen, vms, unmeasured, age, list_age in columns:
        yield Inputs(
            samples=round(share * window.samples),
            expected=window.samples,
            coverage=share,
            windows=seen,
            vms=None if list_age is None else vms,
            vms_at_allocation=unmeasured,
            age=age,
            list_age=list_age,
        )


def _signals(one: Judged) -> Sequence[Mapping[str, float]]:
    """The signals of contention of each node."""
    told = {name: values.tolist() for name, values in one.facts.signals.items()}
    return [
        {name: values[row] for name, values in told.items() if isfinite(values[row])}
        for row in range(one.facts.nodes)
    ]


def _known(values: Floats) -> Sequence[float | None]:
    return [value if isfinite(value) else None for value in values.tolist()]
