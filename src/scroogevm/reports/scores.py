"""Writes ``scores`` and ``node-scores``: the scores of each strategy, for fleet and nodes."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from scroogevm.ledger import Ledger
from scroogevm.ports import Chunk, Shape
from scroogevm.reports.record import Moment, Pair
from scroogevm.reports.table import Format, ResultTable
from scroogevm.scoring import SCORES

if TYPE_CHECKING:
    from scroogevm.core.arrays import Floats

FEW = 4
"""So many nodes are few enough to be looked at one by one."""


@dataclass(frozen=True, eq=False)
class Counted:
    """What a chunk comes to.

    Attributes:
        shape: how its windows were cut.
        nodes: how many it has.
        ledger: its totals.
        judged: windows in which the promises on a node were judged, by resource.
        unmeasured: windows of a node with too few samples, by resource.
    """

    shape: Shape
    nodes: int
    ledger: Ledger
    judged: Mapping[str, int]
    unmeasured: Mapping[str, int]


class Scores:
    """Counts every window and writes both tables.

    Attributes:
        judged: windows in which the promises on a node were judged, by resource.
        unmeasured: windows of a node with too few samples, by resource.
        nodes: how many nodes there were.
        shapes: how their windows were cut.

    Args:
        directory: where the files go.
        formats: which of them are wanted.
        tolerance: shortfall, as a share of capacity, that is not yet a violation.
        looking_ahead: strategies that read the future; they stand last.
        risks: the risk that each strategy states, of those that state one.
    """

    def __init__(
        self,
        directory: Path,
        formats: Sequence[Format],
        *,
        tolerance: float = 0.0,
        looking_ahead: Collection[str] = (),
        risks: Mapping[Pair, float] | None = None,
    ) -> None:
        self._fleet = ResultTable(directory, "scores", formats)
        self._each = ResultTable(directory, "node-scores", formats, lines=True)
        self._tolerance = tolerance
        self._looking_ahead = looking_ahead
        self._risks = risks or {}
        self._ledgers: list[Ledger] = []
        self._rows: pl.DataFrame | None = None
        self.judged: dict[str, int] = {}
        self.unmeasured: dict[str, int] = {}
        self._few: list[pl.DataFrame] = []
        self.nodes = 0
        self.shapes: list[Shape] = []

    @property
    def open(self) -> Callable[[Chunk], "ScoresNotes"]:
        """Opens notes for a chunk."""
        return partial(ScoresNotes, self._tolerance)

    def accept(self, counted: Counted) -> None:
        """Add one more chunk, and the rows of its nodes."""
        self.nodes += counted.nodes
        if counted.shape not in self.shapes:
            self.shapes.append(counted.shape)
        for ours, more in ((self.judged, counted.judged), (self.unmeasured, counted.unmeasured)):
            for resource, number in more.items():
                ours[resource] = ours.get(resource, 0) + number
        self._ledgers.append(counted.ledger)
        self._rows = None
        each = _of_nodes(counted.ledger)
        self._each.append(each)
        if self.nodes <= FEW:
            self._few.append(each)

    def close(self) -> None:
        """Write both."""
        if self._ledgers:
            self._fleet.append(self.fleet())
        self._fleet.close()
        self._each.close()

    def few(self) -> pl.DataFrame:
        """The scores of each node where there are no more than ``FEW``; empty where there are."""
        if self.nodes > FEW or not self._few:
            return pl.DataFrame()
        return pl.concat(self._few).fill_nan(None)

    def fleet(self) -> pl.DataFrame:
        """One row for each resource and strategy, with every name of ``SCORES``.

        The least misprediction comes first, strategies that look ahead come last.
        """
        if self._rows is None:
            self._rows = self._sorted()
        return self._rows

    def _sorted(self) -> pl.DataFrame:
        ledger = Ledger.together(self._ledgers)
        rows: list[Mapping[str, Any]] = []
        for resource in ledger.resources:
            total = ledger.totals(resource)
            scores = total.fleet()
            rows += [
                {
                    "resource": resource,
                    "strategy": strategy,
                    "looks_ahead": strategy in self._looking_ahead,
                    "asked": asked(self._risks.get((resource, strategy))),
                    **{name: float(each[at]) for name, each in scores.items()},
                }
                for at, strategy in enumerate(total.strategies)
            ]
        frame = pl.DataFrame(rows, schema=_SCHEMA)
        return frame.with_columns(pl.col(pl.Float64).fill_nan(None)).sort(
            "resource", "looks_ahead", "misprediction", "strategy", nulls_last=True
        )


class ScoresNotes:
    """Counts the windows of a chunk."""

    def __init__(self, tolerance: float, chunk: Chunk) -> None:
        self._shape = chunk.shape
        self._nodes = len(chunk.nodes)
        self._ledger = Ledger(tolerance, period=None)
        self._judged: dict[str, int] = {}
        self._unmeasured: dict[str, int] = {}
        self._first = True

    def take(self, moment: Moment) -> None:
        """Count one window."""
        for resource, told in moment.told.items():
            names = (told.strategies, moment.nodes)
            self._ledger.add(moment.end, resource, names, told.truth, told.settled)
            # There is no promise before the first window.
            judged = 0 if self._first else int(told.measured.sum())
            self._judged[resource] = self._judged.get(resource, 0) + judged
            silent = int((~told.measured).sum())
            self._unmeasured[resource] = self._unmeasured.get(resource, 0) + silent
        self._first = False

    def close(self) -> Counted:
        """The totals."""
        return Counted(
            self._shape,
            self._nodes,
            self._ledger,
            self._judged,
            self._unmeasured,
        )


def asked(risk: float | None) -> float | None:
    """The coverage that a risk asks for.

    >>> asked(0.01), asked(None)
    (0.99, None)
    """
    return None if risk is None else round(1 - risk, 12)  # 0.99, and not 0.98999


def _of_nodes(ledger: Ledger) -> pl.DataFrame:
    """The scores of each node: by resource, then by strategy, then by node."""
    parts: dict[str, list[Any]] = {name: [] for name in ("node", "resource", "strategy")}
    scores: dict[str, list[Floats]] = {name: [] for name in SCORES}
    for resource in ledger.resources:
        total = ledger.totals(resource)
        count = len(total.nodes)
        parts["node"] += [*total.nodes] * len(total.strategies)
        parts["resource"] += [resource] * count * len(total.strategies)
        parts["strategy"] += [name for name in total.strategies for _ in range(count)]
        for name, each in total.scores().items():
            scores[name].append(each.reshape(-1))  # (strategies, nodes)
    keys = {name: pl.Series(values, dtype=pl.String) for name, values in parts.items()}
    return pl.DataFrame(
        {**keys, **{n: np.concatenate([_NONE, *each]) for n, each in scores.items()}}
    )


_NONE = np.empty(0)

_SCHEMA: Mapping[str, Any] = {
    "resource": pl.String,
    "strategy": pl.String,
    "looks_ahead": pl.Boolean,
    "asked": pl.Float64,
    **dict.fromkeys(SCORES, pl.Float64),
}
