"""``verdicts``: what quiescence tests said of every window, and what decided it; and a count."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from scroogevm.core.arrays import Floats
from scroogevm.sinks.estimates import keys_of
from scroogevm.sinks.record import Pair, Record
from scroogevm.sinks.table import Format, Table
from scroogevm.sinks.verdicts import VERDICTS, Verdicts, verdicts_of
from scroogevm.sinks.writer import Writer

if TYPE_CHECKING:
    from scroogevm.ports import Shape


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


class VerdictTable(Writer):
    """Writes the table and counts.

    Attributes:
        counts: by resource and strategy.
        nodes: how many nodes there were.
        shapes: how their windows were cut.
        shown: rows of the first nodes for whoever shows them, with their evidence, node by node.

    Args:
        directory: where the files go; None when nothing is to be written.
        formats: which of them are wanted.
        column: the heading of who said it: ``strategy``, or ``test`` where tests were asked.
        evidence: whether ``evidence`` is written as well, one row for each number.
        nodes: of how many nodes rows are kept to be shown; None for all.
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
        names = () if directory is None else ("verdicts", "evidence") if evidence else ("verdicts",)
        self._tables = {
            name: Table(directory, name, formats, lines=True) for name in names if directory
        }
        self._column = column
        self._room = nodes
        self.counts: dict[Pair, Count] = {}
        self.nodes = 0
        self.shapes: list[Shape] = []
        self.shown: list[Mapping[str, Any]] = []

    def done(self, record: Record) -> None:
        """Add what was said of a chunk."""
        self.nodes += len(record.nodes)
        if record.shape not in self.shapes:
            self.shapes.append(record.shape)
        for pair, said in verdicts_of(record).items():
            self.counts.setdefault(pair, Count()).add(said)
            if self._tables:
                rows = self._rows(record, pair, said)
                self._tables["verdicts"].append(rows)
            if "evidence" in self._tables:
                short = rows.select("node", "window", "resource", self._column)
                for name, array in said.evidence.items():
                    one = short.with_columns(name=pl.lit(name), value=_known(array))
                    self._tables["evidence"].append(one.drop_nulls("value"))
        self._show(record)

    def close(self) -> None:
        """Write."""
        for table in self._tables.values():
            table.close()

    def _rows(self, record: Record, pair: Pair, said: Verdicts) -> pl.DataFrame:
        keys = keys_of(record, *pair).rename({"strategy": self._column})
        hours = np.repeat(record.hours, len(record.nodes))
        return keys.with_columns(
            pl.Series("hours", hours),
            pl.Series("verdict", VERDICTS).gather(said.code.reshape(-1)),
            said.words(pair[0]).alias("decided"),
        )

    def _show(self, record: Record) -> None:
        wanted = len(record.nodes) if self._room is None else min(len(record.nodes), self._room)
        if self._room is not None:
            self._room -= wanted
        for at in range(wanted):
            one = record.only([at])
            for pair, said in verdicts_of(one).items():
                names = list(said.evidence)
                numbers = [_known(said.evidence[name]).to_list() for name in names]
                rows = self._rows(one, pair, said).to_dicts()
                for row, values in zip(rows, zip(*numbers, strict=True), strict=True):
                    self.shown.append({**row, "evidence": dict(zip(names, values, strict=True))})


def _known(array: Floats) -> pl.Series:
    """The numbers in a row, null where there is none."""
    return pl.Series(np.where(np.isfinite(array), array, np.nan).reshape(-1), nan_to_null=True)
