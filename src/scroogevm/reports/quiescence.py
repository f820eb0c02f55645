"""The sinks of `scroogevm quiescence`, and their results."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from shutil import rmtree
from typing import Any

from scroogevm.errors import MissingExtraError
from scroogevm.reports.figures import FOLDER
from scroogevm.reports.node_detail import Watch
from scroogevm.reports.provenance import About
from scroogevm.reports.quiescence_figures import draw
from scroogevm.reports.quiescence_report import write_report
from scroogevm.reports.record import Pair
from scroogevm.reports.settling import ReportPart, Settling
from scroogevm.reports.table import FORMATS, PARTS, Format
from scroogevm.reports.verdict_table import Count, VerdictTable

MARKER = "quiescence.json"
"""The file that every output has."""


@dataclass(frozen=True, eq=False)
class QuiescenceOutcome:
    """What quiescence tests said.

    Attributes:
        counts: by resource and test.
        rows: verdicts on the windows of the first nodes with their evidence, node by node.
        nodes: how many nodes there were.
        remarks: lines for the user.
    """

    counts: Mapping[Pair, Count]
    rows: Sequence[Mapping[str, Any]]
    nodes: int
    remarks: Sequence[str]


class QuiescenceSinks:
    """Sinks that hold what tests said; ``close`` once all chunks were taken.

    Attributes:
        sinks: what the loop hands steps to.

    Args:
        directory: where files go; it exists. None when nothing is to be written.
        about: what was asked.
        formats: of the tables.
        figures: whether to draw figures as PNG and SVG.
        nodes: of how many nodes rows are kept to be shown; None for all.
    """

    def __init__(
        self,
        directory: Path | None,
        about: About,
        *,
        formats: Sequence[Format] = FORMATS,
        figures: bool = True,
        nodes: int | None = 0,
    ) -> None:
        self._directory = directory
        self._about = about
        self._figures = figures
        self._table = VerdictTable(directory, formats, column="test", evidence=True, nodes=nodes)
        self._watch = Watch()
        parts: list[ReportPart] = [self._table] if directory is None else [self._table, self._watch]
        self._settling = Settling(parts)
        self.sinks: Sequence[Settling] = [self._settling]

    def close(self, odd: Sequence[str] = ()) -> QuiescenceOutcome:
        """Write everything that waits for the end.

        Args:
            odd: remarks on the traces, handed through to the user.
        """
        self._settling.close()
        table = self._table
        remarks = [*odd, *self._unjudged()]
        if self._directory is not None:
            rmtree(self._directory / PARTS, ignore_errors=True)
            if self._figures:
                try:
                    draw(self._directory / FOLDER, self._watch.nodes)
                except MissingExtraError as error:
                    remarks.append(f"no figures were drawn: {error}")
            path = self._directory / "report.html"
            write_report(path, self._about, table, self._watch.nodes)
            counts = [
                {"resource": resource, "test": test, **count.to_dict()}
                for (resource, test), count in table.counts.items()
            ]
            about = {"nodes": table.nodes, "counts": counts}
            self._about.write(self._directory / MARKER, "tests", about)
        return QuiescenceOutcome(table.counts, table.shown, table.nodes, remarks)

    def _unjudged(self) -> Sequence[str]:
        """A remark if no window was judged."""
        if any(count.judged for count in self._table.counts.values()):
            return []
        kept = max((shape.kept for shape in self._table.shapes), default=0)
        remark = (
            f"no window was judged: {kept} windows of a slice must come before it; use a smaller "
            f"--history or --slice"
        )
        return [remark]
