"""Estimates against what then happened. One definition for live and for replay.

A strategy's promise for a window is what it said at the end of the window before; with several
slices in a scope it is the largest demand over the slices, since that is what a scheduler is told.
All arrays are (windows, nodes); NaN marks a window that says nothing, which is never scored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.statistics import Ranked, divide
from scroogevm.core.window import Window, take


@dataclass(frozen=True, eq=False)
class Truth:
    """What happened on the nodes of a chunk, one resource.

    Attributes:
        capacity: what each node had.
        allocated: what the VMs on it were promised.
        added: what was promised since the window before, to new VMs or to grown ones.
        p99: percentile 99 of the usage.
        peak: its maximum.
    """

    capacity: Floats
    allocated: Floats
    added: Floats
    p99: Floats
    peak: Floats


@dataclass(frozen=True, eq=False)
class Judged:
    """One strategy's promises against the truth; row t judges the promise of t-1, row 0 is NaN.

    Attributes:
        shortfall: ``max(0, p99(t) - demand(t-1) - added(t))``: usage that was not foreseen.
        worst: the same with the maximum instead of percentile 99.
        waste: ``max(0, demand(t-1) + added(t) - p99(t))``: held back and not used.
        savings: ``1 - demand/allocated`` of the promise made at t (not shifted).
        free: ``max(0, capacity - demand)`` of the promise made at t.
        ratio: ``(allocated + free) / capacity``: oversubscription.
        decrease: ``max(0, free(t-1) - added(t) - free(t))``: an offer taken back.
        churn: ``|free(t) - free(t-1)|``.
        misprediction: the predecessor's, ``truth(t) - expected(t)``.
        correction: the predecessor's decrease, ``max(0, expected(t) - free(t))``.
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
    "regret": "mean distance from the oracle's demand / capacity: waste and shortfall together",
    "decreases": "times an offer was taken back, beyond what new VMs took",
    "churn": "sum of |change of free| / capacity",
    "misprediction": "the predecessor's: sum of |truth - expected| / capacity",
    "violation": "the predecessor's: sum of max(0, expected - truth) / capacity",
    "corrections": "the predecessor's decreases: sum of max(0, expected - free) / capacity",
    "windows": "windows judged",
}
"""Every score by name, and what it means. Rates and shares are fractions of 1; sums and counts are
those of one node, and for a fleet their mean over its nodes, those never judged left out."""

ROUNDING = 1e-9
"""Share of capacity below which a difference is rounding: no violation, no offer taken back."""

_CUMULATED = ("decreases", "churn", "misprediction", "violation", "corrections")


def added(before: Window, now: Window) -> Floats:
    """What was promised since the window before: new VMs, and growth of old ones, (nodes,)."""
    had = take(before.vms.allocated, before.vms.find(now.vms.ids), 0.0)
    return now.vms.per_node(np.maximum(0.0, now.vms.allocated - had), now.nodes)


def promised(demand: Floats, allocated: Floats, slices: int) -> Floats:
    """What a scheduler is told after each window: the largest demand over the slices.

    A slice that has not been seen yet counts at what was promised to VMs, and nobody is told of a
    demand below zero, which doa arrives at: a node has no more to offer than all of itself.

    Args:
        demand: (windows, nodes), each of its own slice.
        allocated: (windows, nodes).
        slices: slices in a scope.

    >>> promised(np.array([[1.0], [2.0], [1.0]]), np.array([[9.0], [9.0], [9.0]]), 2).tolist()
    [[9.0], [2.0], [2.0]]
    """
    told = demand.copy()
    for back in range(1, slices):
        told[back:] = np.fmax(told[back:], demand[:-back])
    told[: slices - 1] = np.fmax(told[: slices - 1], allocated[: slices - 1])
    return np.maximum(told, 0.0)


def judge(truth: Truth, demand: Floats, told: Floats) -> Judged:
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
    return Judged(
        shortfall=np.maximum(0.0, truth.p99 - held),
        worst=np.maximum(0.0, truth.peak - held),
        waste=np.maximum(0.0, held - truth.p99),
        savings=1 - told / _positive(truth.allocated),
        free=free,
        ratio=(truth.allocated + free) / _positive(truth.capacity),
        decrease=np.maximum(0.0, _previous(free) - truth.added - free),
        churn=abs(free - _previous(free)),
        misprediction=truth.capacity - truth.p99 - expected,
        correction=np.maximum(0.0, expected - offer),
    )


class Tally:
    """The scores of one strategy and resource, growing chunk by chunk.

    Attributes:
        tolerance: shortfall, as a share of capacity, that is no violation yet.
    """

    def __init__(self, tolerance: float = 0.0) -> None:
        self.tolerance = tolerance
        self._sums: dict[str, float] = {}
        self._severities: list[Floats] = []
        self._nodes = 0

    def add(self, truth: Truth, judged: Judged) -> Mapping[str, Floats]:
        """Count a chunk in.

        Returns:
            The scores of each of its nodes, (nodes,) each; NaN where no window could be judged.
        """
        sums, severity = self._count(truth, judged)
        for name, values in sums.items():
            if name == "worst_severity":
                self._sums[name] = float(np.fmax.reduce(values, initial=self._sums.get(name, nan)))
            else:
                self._sums[name] = self._sums.get(name, 0.0) + float(np.nansum(values))
        self._severities.append(severity[severity > 0])
        self._nodes += int((sums["windows"] > 0).sum())
        return _scores(sums, Ranked.of(severity.T).percentile(99), 1)

    def fleet(self) -> Mapping[str, float]:
        """The scores over all nodes so far."""
        sums = {name: np.asarray(value) for name, value in self._sums.items()}
        judged = int(self._sums.get("windows", 0))
        large = np.sort(np.concatenate([np.empty(0), *self._severities]))
        # Most shortfalls are zero; the percentile needs to know only how many.
        rank = 0.99 * (judged - 1) - (judged - large.size)
        padded = np.concatenate([[0.0], large])
        p99 = np.interp(rank + 1, np.arange(padded.size), padded) if judged else np.nan
        scores = _scores(sums, np.asarray(p99), self._nodes)
        return {name: float(value) for name, value in scores.items()}

    def _count(self, truth: Truth, judged: Judged) -> tuple[dict[str, Floats], Floats]:
        capacity = _positive(truth.capacity)
        severity = judged.shortfall / capacity
        worst = judged.worst / capacity
        promises = {
            "savings": judged.savings,
            "offered_free": judged.free / capacity,
            "oversubscription": judged.ratio,
        }
        sums = {
            "windows": (~np.isnan(severity)).sum(axis=0),
            "violations": (severity > self.tolerance + ROUNDING).sum(axis=0),
            "violations_max": (worst > self.tolerance + ROUNDING).sum(axis=0),
            "severity": np.nansum(severity, axis=0),
            "worst_severity": np.fmax.reduce(worst, axis=0, initial=nan),
            "waste": np.nansum(judged.waste / capacity, axis=0),
            "decreases": (judged.decrease > ROUNDING * capacity).sum(axis=0),
            "churn": np.nansum(judged.churn / capacity, axis=0),
            "misprediction": np.nansum(abs(judged.misprediction) / capacity, axis=0),
            "violation": np.nansum(np.maximum(0.0, -judged.misprediction) / capacity, axis=0),
            "corrections": np.nansum(judged.correction / capacity, axis=0),
        }
        for name in _CUMULATED:
            sums[name] = np.where(sums["windows"] > 0, sums[name], nan)
        for name, values in promises.items():
            sums[name] = np.nansum(values, axis=0)
            sums[f"{name}_windows"] = (~np.isnan(values)).sum(axis=0)
        return {name: np.asarray(value, np.float64) for name, value in sums.items()}, severity


def _scores(sums: Mapping[str, Floats], p99: Floats, nodes: int) -> Mapping[str, Floats]:
    """Turn sums into the scores of ``SCORES``, in its order."""
    windows = sums["windows"]
    scores = {
        "violation_rate": divide(sums["violations"], windows),
        "violation_rate_max": divide(sums["violations_max"], windows),
        "mean_severity": divide(sums["severity"], windows),
        "p99_severity": p99,
        "worst_severity": sums["worst_severity"],
        "waste": divide(sums["waste"], windows),
        "regret": divide(sums["waste"] + sums["severity"], windows),
    }
    for name in ("savings", "offered_free", "oversubscription"):
        scores[name] = divide(sums[name], sums[f"{name}_windows"])
    number = np.full(windows.shape, nodes)
    scores |= {name: divide(sums[name], number) for name in _CUMULATED}
    scores["windows"] = windows / max(nodes, 1)
    return {name: scores[name] for name in SCORES}


def _previous(values: Floats) -> Floats:
    """The row before each row; NaN before the first."""
    return np.concatenate([np.full((1, values.shape[1]), np.nan), values[:-1]])


def _positive(values: Floats) -> Floats:
    """The values, NaN where they are not above zero: nothing can be divided by them."""
    return np.where(values > 0, values, np.nan)
