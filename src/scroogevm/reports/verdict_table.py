"""Writes ``verdicts``: the result and reason of quiescence tests for every window; and a count."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from scroogevm.core.arrays import Floats
from scroogevm.ports import Chunk, Shape
from scroogevm.reports.blocks import Blocks
from scroogevm.reports.estimates import keys_of
from scroogevm.reports.record import Moment, Pair, Record
from scroogevm.reports.table import Format, Parts, ResultTable
from scroogevm.reports.verdicts import VERDICTS, Verdicts, verdicts_of

SHOWN = 1000
"""Windows of a node that are kept to be shown: the last ones."""


@dataclass
class Count:
    """Verdicts of one test on one resource, over all nodes and windows.

    Attributes:
        judged: windows with a verdict.
        quiescent: how many of them were quiescent.
        unjudged: windows without one.
        exceeded: by gap, in how many windows it reached its limit; several may in one.
    """

    judged: int = 0
    quiescent: int = 0
    unjudged: int = 0
    exceeded: dict[str, int] = field(default_factory=dict)

    def add(self, said: Verdicts) -> None:
        """Count in what was said of a chunk."""
        judged = int(said.judged.sum())
        self.judged += judged
        self.quiescent += int(said.quiescent.sum())
        self.unjudged += said.judged.size - judged
        for name, where in said.exceeded.items():
            self.exceeded[name] = self.exceeded.get(name, 0) + int(where.sum())

    def join(self, other: "Count") -> None:
        """Count in what was counted elsewhere."""
        self.judged += other.judged
        self.quiescent += other.quiescent
        self.unjudged += other.unjudged
        for name, number in other.exceeded.items():
            self.exceeded[name] = self.exceeded.get(name, 0) + number

    @property
    def share(self) -> float | None:
        """Share of the judged windows that were quiescent; None when none was judged."""
        return self.quiescent / self.judged if self.judged else None

    def to_dict(self) -> dict[str, Any]:
        """For a program to read."""
        return {**asdict(self), "share": self.share}

    @property
    def because(self) -> str:
        """Which gaps reached their limits, the most frequent first: ``level 12, trend 3``."""
        order = sorted(self.exceeded.items(), key=lambda pair: -pair[1])
        return ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in order if number)


class VerdictTable:
    """Writes the table and counts.

    Attributes:
        counts: by resource and strategy.
        nodes: how many nodes there were.
        shapes: how their windows were cut.
        shown: rows of the first nodes with their evidence, node by node, to be shown.

    Args:
        directory: where the files go; None when nothing is to be written.
        formats: which of them are wanted; none for no table.
        column: the heading of the names: ``strategy`` or ``test``.
        evidence: whether ``evidence`` is written as well, one row for each number.
        nodes: of how many nodes rows are kept to be shown, of each the last ``SHOWN`` windows;
            None for all nodes and windows.
    """

    def __init__(
        self,
        directory: Path | None,
        formats: Sequence[Format],
        *,
        column: str = "strategy",
        evidence: bool = False,
        nodes: int | None = 0,
    ) -> None:
        names = ("verdicts", "evidence") if evidence else ("verdicts",)
        self._directory = directory
        self._tables = (
            {name: ResultTable(directory, name, formats, lines=True) for name in names}
            if directory is not None and formats
            else {}
        )
        self._column = column
        self._room = nodes
        self.counts: dict[Pair, Count] = {}
        self.nodes = 0
        self.shapes: list[Shape] = []
        self.shown: list[Mapping[str, Any]] = []

    @property
    def open(self) -> Callable[[Chunk], "VerdictNotes"]:
        """Opens notes for a chunk."""
        return partial(VerdictNotes, self._directory, list(self._tables), self._column, self._room)

    def accept(self, said: "Said") -> None:
        """Add what was said of one more chunk."""
        self.nodes += said.nodes
        if said.shape not in self.shapes:
            self.shapes.append(said.shape)
        for pair, count in said.counts.items():
            self.counts.setdefault(pair, Count()).join(count)
        for name, files in said.files.items():
            self._tables[name].adopt(files)
        for rows in said.shown if self._room is None else said.shown[: self._room]:
            self.shown += rows
        if self._room is not None:
            self._room = max(0, self._room - said.nodes)

    def close(self) -> None:
        """Write."""
        for table in self._tables.values():
            table.close()


@dataclass(frozen=True, eq=False)
class Said:
    """The verdicts on one chunk.

    Attributes:
        shape: how its windows were cut.
        nodes: how many nodes it has.
        counts: by resource and strategy.
        files: the rows of each table.
        shown: of each of the first nodes, its rows.
    """

    shape: Shape
    nodes: int
    counts: Mapping[Pair, Count]
    files: Mapping[str, Sequence[Path]]
    shown: Sequence[Sequence[Mapping[str, Any]]]


class VerdictNotes:
    """Counts the verdicts of a chunk, and streams its rows to disk.

    Args:
        directory: where files go.
        tables: which of ``verdicts`` and ``evidence`` are written.
        column: see ``VerdictTable``.
        nodes: likewise.
        chunk: of whose nodes the verdicts are.
    """

    def __init__(
        self,
        directory: Path | None,
        tables: Sequence[str],
        column: str,
        nodes: int | None,
        chunk: Chunk,
    ) -> None:
        self._shape = chunk.shape
        self._nodes = len(chunk.nodes)
        self._column = column
        size = len(chunk.nodes)
        self._last = SHOWN if nodes is not None else None
        self._shown: list[dict[Pair, deque[Mapping[str, Any]]]] = [
            {} for _ in range(size if nodes is None else min(size, nodes))
        ]
        self._parts = {name: Parts(directory, name) for name in tables} if directory else {}
        self._counts: dict[Pair, Count] = {}
        self._blocks = Blocks(self._add)

    def take(self, moment: Moment) -> None:
        """Note one window."""
        self._blocks.take(moment)

    def close(self) -> Said:
        """All that was said."""
        self._blocks.flush()
        return Said(
            self._shape,
            self._nodes,
            self._counts,
            {name: part.close() for name, part in self._parts.items()},
            [[row for rows in by_pair.values() for row in rows] for by_pair in self._shown],
        )

    def _add(self, record: Record) -> None:
        for pair, said in verdicts_of(record).items():
            self._counts.setdefault(pair, Count()).add(said)
            if not self._parts and not self._shown:
                continue
            rows = self._rows(record, pair, said)
            if self._parts:
                self._parts["verdicts"].append(rows)
            if "evidence" in self._parts:
                short = rows.select("node", "window", "resource", self._column)
                for name, array in said.evidence.items():
                    one = short.with_columns(name=pl.lit(name), value=_known(array))
                    self._parts["evidence"].append(one.drop_nulls("value"))
            self._show(pair, said, rows, len(record.nodes))

    def _rows(self, record: Record, pair: Pair, said: Verdicts) -> pl.DataFrame:
        keys = keys_of(record, *pair).rename({"strategy": self._column})
        hours = np.repeat(record.hours, len(record.nodes))
        return keys.with_columns(
            pl.Series("hours", hours),
            pl.Series("verdict", VERDICTS).gather(said.code.reshape(-1)),
            said.words(pair[0]).alias("decided"),
        )

    def _show(self, pair: Pair, said: Verdicts, rows: pl.DataFrame, nodes: int) -> None:
        for at, by_pair in enumerate(self._shown):
            names = list(said.evidence)
            numbers = [_known(said.evidence[name][:, [at]]).to_list() for name in names]
            mine = rows.gather_every(nodes, at).to_dicts()
            kept = by_pair.setdefault(pair, deque(maxlen=self._last))
            each = zip(*numbers, strict=True) if numbers else [()] * len(mine)
            for row, values in zip(mine, each, strict=True):
                kept.append({**row, "evidence": dict(zip(names, values, strict=True))})


def _known(array: Floats) -> pl.Series:
    """The numbers in a row, null if there is none."""
    return pl.Series(np.where(np.isfinite(array), array, np.nan).reshape(-1), nan_to_null=True)
