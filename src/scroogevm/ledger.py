"""Adds up the results of promises by node, strategy, resource and day.

A *cell* is one node, strategy, resource and day. It is summed window by window in order of time,
in one place, as plain floats. Results over many cells are exact sums (``math.fsum`` rounds once,
at the end), counts, maxima, or percentiles of counts. So they have the same bits for any split of
cells into chunks and processes, and for any order of these.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, fsum
from typing import Any

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.sketch import Sketch
from scroogevm.core.statistics import divide
from scroogevm.scoring import (
    CHECKED,
    ROUNDING,
    SCORES,
    Settled,
    Truth,
    matched,
    positive,
    same_names,
)

DAY = 86400.0
"""Seconds of a period, counted from 0 on the clock of the windows."""

_SHARES = ("savings", "offered_free", "oversubscription")
_CUMULATED = ("decreases", "churn", "misprediction", "violation", "corrections")
FIELDS = (
    "windows", "violations", "violations_max", "severity", "waste", "covered", "over", "under",
    *_CUMULATED, *_SHARES,
    *(f"{name}_windows" for name in _SHARES),
)  # fmt: skip
"""The sums of a cell, in this order."""


@dataclass(eq=False)
class Totals:
    """The cells of one period and resource.

    Attributes:
        strategies: their names.
        nodes: likewise.
        sums: (``FIELDS``, strategies, nodes).
        worst: (strategies, nodes), largest shortfall of the maximum over capacity; NaN for none.
        sketch: shortfall over capacity; cell ``strategy * nodes + node``.
    """

    strategies: Sequence[str]
    nodes: Sequence[str]
    sums: Floats
    worst: Floats
    sketch: Sketch = field(default_factory=Sketch)

    @classmethod
    def none(cls, strategies: Sequence[str], nodes: Sequence[str]) -> "Totals":
        """Cells without any window."""
        shape = (len(strategies), len(nodes))
        sums, worst = np.zeros((len(FIELDS), *shape)), np.full(shape, np.nan)
        return cls(tuple(strategies), tuple(nodes), sums, worst)

    @classmethod
    def together(cls, parts: Sequence["Totals"]) -> "Totals":
        """All parts together; strategies and nodes are in the order of their first occurrence."""
        if len(parts) == 1:
            return parts[0]
        strategies = dict.fromkeys(name for part in parts for name in part.strategies)
        nodes = dict.fromkeys(name for part in parts for name in part.nodes)
        total = cls.none(tuple(strategies), tuple(nodes))
        for part in parts:
            rows = matched(total.strategies, part.strategies)[:, np.newaxis]
            columns = matched(total.nodes, part.nodes)
            total.sums[:, rows, columns] += part.sums
            total.worst[rows, columns] = np.fmax(total.worst[rows, columns], part.worst)
            cells = rows * len(total.nodes) + columns
            total.sketch.merge(part.sketch, cells.reshape(-1))
        return total

    def add(self, truth: Truth, settled: Settled, tolerance: float) -> None:
        """Add one window of these strategies and nodes."""
        capacity = positive(truth.capacity)
        severity, worst = settled.shortfall / capacity, settled.worst / capacity
        wrong = settled.misprediction / capacity
        free = settled.free / capacity
        excess = settled.excess / capacity
        counted = {
            "windows": ~np.isnan(severity),
            "violations": severity > tolerance + ROUNDING,
            "violations_max": worst > tolerance + ROUNDING,
            "severity": severity,
            "waste": settled.waste / capacity,
            "covered": excess <= tolerance + ROUNDING,
            "over": np.maximum(0.0, excess),
            "under": np.maximum(0.0, -excess),
            "decreases": settled.decrease > ROUNDING * capacity,
            "churn": settled.churn / capacity,
            "misprediction": abs(wrong),
            "violation": np.maximum(0.0, -wrong),
            "corrections": settled.correction / capacity,
            "savings": settled.savings,
            "offered_free": free,
            "oversubscription": settled.ratio,
            "savings_windows": ~np.isnan(settled.savings),
            "offered_free_windows": ~np.isnan(free),
            "oversubscription_windows": ~np.isnan(settled.ratio),
        }
        rows = np.stack([counted[name] for name in FIELDS]).astype(np.float64)
        rows[np.isnan(rows)] = 0.0
        self.sums += rows
        np.fmax(self.worst, worst, out=self.worst)
        self.sketch.add(severity, np.arange(severity.size).reshape(severity.shape))

    def scores(self) -> Mapping[str, Floats]:
        """The scores of each node, (strategies, nodes); NaN if no window could be judged."""
        sums = self._judged()
        windows = self.sums[0].astype(np.int64)
        p99 = self.sketch.percentile(99, windows.reshape(-1)).reshape(windows.shape)
        return _scores(sums, p99, self.worst, np.ones(windows.shape))

    def fleet(self) -> Mapping[str, Floats]:
        """The scores over all nodes, (strategies,)."""
        sums = {
            name: np.array([fsum(row) for row in np.nan_to_num(each).tolist()])
            for name, each in self._judged().items()
        }
        worst = np.fmax.reduce(self.worst, axis=1, initial=np.nan)
        nodes = (self.sums[0] > 0).sum(axis=1).astype(np.float64)
        together = Sketch()
        strategy = np.repeat(np.arange(len(self.strategies)), len(self.nodes))
        together.merge(self.sketch, strategy)
        p99 = together.percentile(99, sums["windows"].astype(np.int64))
        return _scores(sums, p99, worst, nodes)

    def _judged(self) -> dict[str, Floats]:
        """The sums by name; NaN for a node that was never judged."""
        sums = dict(zip(FIELDS, self.sums, strict=True))
        for name in _CUMULATED:
            sums[name] = np.where(sums["windows"] > 0, sums[name], np.nan)
        return sums


class Ledger:
    """Totals that grow window by window.

    Attributes:
        tolerance: shortfall, as a share of capacity, that is not yet a violation.
        period: seconds of a period; None for one period without end, as a replay has.
        cells: by number of the period and resource.

    Args:
        tolerance: see above.
        period: see above.
    """

    def __init__(self, tolerance: float = 0.0, period: float | None = DAY) -> None:
        self.tolerance = tolerance
        self.period = period
        self.cells: dict[tuple[int, str], Totals] = {}

    @property
    def resources(self) -> Sequence[str]:
        """The nodes that were counted, in the order of their first window."""
        return list(dict.fromkeys(resource for _, resource in self.cells))

    def add(
        self,
        end: float,
        resource: str,
        names: tuple[Sequence[str], Sequence[str]],
        truth: Truth,
        settled: Settled,
    ) -> None:
        """Add one window.

        Args:
            end: seconds at which it closed.
            resource: ``cpu`` or ``mem``.
            names: the strategies, then the nodes; they may differ from the window before.
            truth: what happened, (nodes,).
            settled: the results of the promises, (strategies, nodes).
        """
        period = 0 if self.period is None else floor(end / self.period)
        strategies, nodes = names
        total = self.cells.get((period, resource))
        if total is None:
            total = self.cells[period, resource] = Totals.none(strategies, nodes)
        if same_names(total.nodes, nodes) and same_names(total.strategies, strategies):
            total.add(truth, settled, self.tolerance)
        else:
            window = Totals.none(strategies, nodes)
            window.add(truth, settled, self.tolerance)
            self.cells[period, resource] = Totals.together([total, window])

    def totals(self, resource: str, since: float = -np.inf, until: float = np.inf) -> Totals:
        """The periods of a resource together, days in order.

        Args:
            resource: ``cpu`` or ``mem``.
            since: only periods that begin then or later, in seconds.
            until: only periods that begin before.
        """
        length = self.period or 0.0
        parts = [
            self.cells[key]
            for key in sorted(self.cells)
            if key[1] == resource and since <= key[0] * length < until
        ]
        return Totals.together(parts) if parts else Totals.none((), ())

    def forget(self, before: float) -> None:
        """Drop the periods that begin before, in seconds."""
        length = self.period or 0.0
        self.cells = {k: t for k, t in self.cells.items() if k[0] * length >= before}

    @classmethod
    def together(cls, parts: Iterable["Ledger"]) -> "Ledger":
        """All ledgers in one; they must have the same tolerance and period.

        Cells that several of them have are summed in the given order. To get the same bits in any
        order, a cell may occur in at most two parts.
        """
        parts = list(parts)
        total = cls(parts[0].tolerance, parts[0].period) if parts else cls()
        keys = dict.fromkeys(key for part in parts for key in part.cells)
        for key in keys:
            found = [part.cells[key] for part in parts if key in part.cells]
            total.cells[key] = Totals.together(found)
        return total

    def arrays(self) -> Mapping[str, np.ndarray[Any, Any]]:
        """Everything but the settings as arrays by name, to be stored; none needs pickle."""
        found: dict[str, np.ndarray[Any, Any]] = {}
        for (period, resource), total in self.cells.items():
            sketch = total.sketch.compact()
            each = {
                "names": _text([total.strategies, total.nodes]),
                "sums": total.sums,
                "worst": total.worst,
                "keys": sketch.keys,
                "counts": sketch.counts,
            }
            found |= {f"{period}/{resource}/{name}": array for name, array in each.items()}
        return found

    def restore(self, arrays: Mapping[str, np.ndarray[Any, Any]]) -> "Ledger":
        """Restore from the result of ``arrays``, and return itself."""
        for key in dict.fromkeys(name.rpartition("/")[0] for name in arrays):
            period, _, resource = key.partition("/")
            each = {name: arrays[f"{key}/{name}"] for name in _STORED}
            sketch = Sketch(each["keys"].astype(np.int64), each["counts"].astype(np.int64))
            strategies, nodes = json.loads(each["names"].tobytes())
            sums, worst = each["sums"].copy(), each["worst"].copy()
            self.cells[int(period), resource] = Totals(
                tuple(strategies), tuple(nodes), sums, worst, sketch
            )
        return self


_STORED = ("names", "sums", "worst", "keys", "counts")


def _text(content: Any) -> np.ndarray[Any, Any]:
    """JSON as bytes, because arrays of text would drop zero characters at the end of names."""
    return np.frombuffer(json.dumps(content).encode(), np.uint8)


def _scores(
    sums: Mapping[str, Floats], p99: Floats, worst: Floats, nodes: Floats
) -> Mapping[str, Floats]:
    """Compute the scores of ``SCORES`` from sums, in its order."""
    windows = sums["windows"]
    scores = {
        "violation_rate": divide(sums["violations"], windows),
        "violation_rate_max": divide(sums["violations_max"], windows),
        "mean_severity": divide(sums["severity"], windows),
        "p99_severity": p99,
        "worst_severity": worst,
        "waste": divide(sums["waste"], windows),
        "coverage": divide(sums["covered"], windows),
        "check": divide((1 - CHECKED) * sums["over"] + CHECKED * sums["under"], windows),
        "regret": divide(sums["waste"] + sums["severity"], windows),
        "windows": windows / np.maximum(nodes, 1),
    }
    scores |= {name: divide(sums[name], sums[f"{name}_windows"]) for name in _SHARES}
    scores |= {name: divide(sums[name], nodes) for name in _CUMULATED}
    return {name: scores[name] for name in SCORES}
