"""``scores`` and ``node-scores``: how good each strategy was, for the fleet and for each node."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import polars as pl

from scroogevm.ports import Shape
from scroogevm.scoring import SCORES, Tally
from scroogevm.sinks.record import Answer, Pair, Record
from scroogevm.sinks.table import Format, Table
from scroogevm.sinks.writer import Writer

Shapes = list[Shape]


FEW = 4
"""So many nodes are few enough to be looked at one by one."""


class Scores(Writer):
    """Counts every window and writes both tables.

    Attributes:
        judged: windows in which the promises on a node were judged, by resource.
        unmeasured: windows of a node with too few samples, by resource.
        nodes: how many nodes there were.
        shapes: how their windows were cut.

    Args:
        directory: where the files go.
        formats: which of them are wanted.
        tolerance: shortfall, as a share of capacity, that is no violation yet.
        looking_ahead: strategies that read the future; they stand last.
    """

    def __init__(
        self,
        directory: Path,
        formats: Sequence[Format],
        *,
        tolerance: float = 0.0,
        looking_ahead: Collection[str] = (),
    ) -> None:
        self._fleet = Table(directory, "scores", formats)
        self._each = Table(directory, "node-scores", formats, lines=True)
        self._tolerance = tolerance
        self._looking_ahead = looking_ahead
        self._tallies: dict[Pair, Tally] = {}
        self.judged: dict[str, int] = {}
        self.unmeasured: dict[str, int] = {}
        self._few: list[pl.DataFrame] = []
        self.nodes = 0
        self.shapes: Shapes = []

    def answer(self, record: Record, answer: Answer) -> None:
        """Count one strategy in."""
        pair = (answer.resource, answer.strategy)
        tally = self._tallies.setdefault(pair, Tally(self._tolerance))
        scores = tally.add(record.truth[answer.resource], answer.judged)
        keys = {
            "node": pl.Series(record.nodes, dtype=pl.String),
            "resource": answer.resource,
            "strategy": answer.strategy,
        }
        each = pl.DataFrame({**keys, **scores})
        self._each.append(each)
        if self.nodes + len(record.nodes) <= FEW:
            self._few.append(each)

    def done(self, record: Record) -> None:
        """Count the windows."""
        self.nodes += len(record.nodes)
        if record.shape not in self.shapes:
            self.shapes.append(record.shape)
        for resource, measured in record.measured.items():
            # The first window has nobody's promise to judge.
            judged = self.judged.get(resource, 0) + int(measured[1:].sum())
            self.judged[resource] = judged
            self.unmeasured[resource] = self.unmeasured.get(resource, 0) + int((~measured).sum())

    def close(self) -> None:
        """Write both."""
        if self._tallies:
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
        rows = [
            {
                "resource": resource,
                "strategy": strategy,
                "looks_ahead": strategy in self._looking_ahead,
                **tally.fleet(),
            }
            for (resource, strategy), tally in self._tallies.items()
        ]
        frame = pl.DataFrame(rows, schema=_SCHEMA)
        return frame.with_columns(pl.col(pl.Float64).fill_nan(None)).sort(
            "resource", "looks_ahead", "misprediction", "strategy", nulls_last=True
        )


_SCHEMA: Mapping[str, Any] = {
    "resource": pl.String,
    "strategy": pl.String,
    "looks_ahead": pl.Boolean,
    **dict.fromkeys(SCORES, pl.Float64),
}
