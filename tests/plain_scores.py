"""Scores in plain words: the definitions over whole arrays, and ledgers of whole traces."""

from collections.abc import Mapping, Sequence
from dataclasses import fields

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.ledger import Ledger
from scroogevm.scoring import Promises, Settled, Truth, positive


def promised(demand: Floats, allocated: Floats, slices: int) -> Floats:
    """What a scheduler is told after each window: the largest demand over the slices.

    A slice that has not been seen yet counts at what was promised to VMs, and nobody is told of a
    demand below zero, which doa arrives at: a node has no more to offer than all of itself.

    Args:
        demand: (windows, nodes), each of its own slice.
        allocated: (windows, nodes).
        slices: slices in a scope.
    """
    told = demand.copy()
    for back in range(1, slices):
        told[back:] = np.fmax(told[back:], demand[:-back])
    told[: slices - 1] = np.fmax(told[: slices - 1], allocated[: slices - 1])
    return np.maximum(told, 0.0)


def judge(truth: Truth, demand: Floats, told: Floats) -> Settled:
    """Judge the promises of one strategy.

    Args:
        truth: what happened.
        demand: (windows, nodes), each of its own slice: the predecessor's scores read this.
        told: (windows, nodes), what the scheduler was told: ours read this.
    """
    held = _previous(told) + truth.added
    free = np.maximum(0.0, truth.capacity - told)
    offer = np.maximum(0.0, truth.capacity - demand)
    step = truth.allocated - _previous(truth.allocated)
    expected = _previous(offer) - np.where(step >= 0, step, truth.p99 - _previous(truth.p99))
    return Settled(
        shortfall=np.maximum(0.0, truth.p99 - held),
        worst=np.maximum(0.0, truth.peak - held),
        waste=np.maximum(0.0, held - truth.p99),
        savings=1 - told / positive(truth.allocated),
        free=free,
        ratio=(truth.allocated + free) / positive(truth.capacity),
        decrease=np.maximum(0.0, _previous(free) - truth.added - free),
        churn=abs(free - _previous(free)),
        misprediction=truth.capacity - truth.p99 - expected,
        correction=np.maximum(0.0, expected - offer),
        excess=truth.known - _previous(told),
    )


def _previous(values: Floats) -> Floats:
    """The row before each row; NaN before the first."""
    return np.concatenate([np.full((1, values.shape[1]), np.nan), values[:-1]])


def window_of(truth: Truth, window: int) -> Truth:
    """One window, (nodes,), of a truth over windows."""
    return Truth(**{item.name: getattr(truth, item.name)[window] for item in fields(Truth)})


def nodes_of(truth: Truth, nodes: Sequence[int]) -> Truth:
    """Some nodes of a truth over windows."""
    rows = {item.name: getattr(truth, item.name)[:, list(nodes)] for item in fields(Truth)}
    return Truth(**rows)


def settled(
    truth: Truth, demands: Mapping[str, Floats], slices: int = 1
) -> tuple[Sequence[Settled], Floats]:
    """Window by window: what came of it, and what was told, (windows, strategies, nodes)."""
    promises, found, told = Promises(), [], []
    names = [str(node) for node in range(truth.capacity.shape[1])]
    for window in range(truth.capacity.shape[0]):
        said = {name: demand[window] for name, demand in demands.items()}
        promises, each = promises.then(names, slices, {"cpu": (window_of(truth, window), said)})
        found.append(each["cpu"])
        told.append(promises.made["cpu"].told)
    return found, np.array(told)


def ledger_of(
    truth: Truth,
    demands: Mapping[str, Floats],
    *,
    nodes: Sequence[str] | None = None,
    tolerance: float = 0.0,
    period: float | None = None,
) -> Ledger:
    """All windows of half an hour each in a ledger."""
    ledger = Ledger(tolerance, period)
    names = nodes or [str(node) for node in range(truth.capacity.shape[1])]
    for window, each in enumerate(settled(truth, demands)[0]):
        one = window_of(truth, window)
        ledger.add(1800.0 * (window + 1), "cpu", (tuple(demands), names), one, each)
    return ledger
