"""All sinks of a replay, and their results."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from shutil import rmtree
from typing import Any

import polars as pl

from scroogevm.errors import MissingExtraError
from scroogevm.ports import Sink, Strategy
from scroogevm.reports.dump import Dump
from scroogevm.reports.estimates import Estimates
from scroogevm.reports.figures import FOLDER, NODES_DRAWN, draw
from scroogevm.reports.provenance import MARKER, About
from scroogevm.reports.reasons import Explainers, explainers
from scroogevm.reports.record import Pair
from scroogevm.reports.reliability import Reliability
from scroogevm.reports.report import write_report
from scroogevm.reports.scores import Scores
from scroogevm.reports.series import SeriesTable
from scroogevm.reports.settling import ReportPart, Settling
from scroogevm.reports.styles import looks
from scroogevm.reports.summary import freed
from scroogevm.reports.table import FORMATS, PARTS, Format
from scroogevm.reports.verdict_table import Count, VerdictTable

__all__ = ["MARKER", "ReplayOutcome", "ReplaySinks", "replay_sinks"]


@dataclass(frozen=True, eq=False)
class ReplayOutcome:
    """The results of a replay.

    Attributes:
        scores: the fleet's, one row for each resource and strategy, best first.
        each: the scores of each node where there are few; empty where there are many.
        verdicts: of strategies that use a quiescence test: how often a window was quiescent.
        nodes: how many nodes there were.
        judged: windows in which the promises on a node were judged, by resource.
        unmeasured: windows of a node with too few samples, by resource.
        freed: summary, a few sentences for each resource.
        remarks: lines for the user.
    """

    scores: pl.DataFrame
    each: pl.DataFrame
    verdicts: Mapping[Pair, Count]
    nodes: int
    judged: Mapping[str, int]
    unmeasured: Mapping[str, int]
    freed: Sequence[str]
    remarks: Sequence[str]


class ReplaySinks(Sequence[Sink]):
    """The sinks of a replay; ``close`` once all chunks were taken."""

    def __init__(
        self,
        directory: Path,
        about: About,
        formats: Sequence[Format],
        tolerance: float,
        *,
        dump: bool,
        figures: bool,
        estimates: bool,
        who: Explainers,
    ) -> None:
        self._directory = directory
        self._about = about
        self._figures = figures
        ahead = about.looking_ahead
        self._scores = Scores(
            directory, formats, tolerance=tolerance, looking_ahead=ahead, risks=about.risks
        )
        self._series = SeriesTable(directory, formats, who=who)
        self._verdicts = VerdictTable(directory, formats if estimates else ())
        self._reliability = Reliability(directory, formats, about.risks, tolerance)
        parts: list[ReportPart] = [self._scores, self._series, self._verdicts, self._reliability]
        if estimates:
            parts.append(Estimates(directory, formats))
        self._sinks: list[Settling | Dump] = [Settling(parts)]
        if dump:
            self._sinks.append(Dump(directory))

    def __len__(self) -> int:
        return len(self._sinks)

    def __getitem__(self, at: Any) -> Any:
        return self._sinks[at]

    def __iter__(self) -> Iterator[Sink]:
        return iter(self._sinks)

    def close(self, odd: Sequence[str] = ()) -> ReplayOutcome:
        """Write all results that wait for the end.

        Args:
            odd: remarks on the traces, for the user.
        """
        for sink in self._sinks:
            sink.close()
        rmtree(self._directory / PARTS, ignore_errors=True)
        scores = self._scores
        fleet, nodes = self._series.fleet, self._series.nodes()
        # A fleet of one node is that node.
        alone = scores.nodes == 1 and len(nodes) == 1
        panels = [replace(nodes[0], name="")] if alone else [fleet, *nodes]
        styles = looks(self._about.roles)
        remarks = [*odd]
        if self._figures:
            try:
                some = panels[: 1 + NODES_DRAWN]
                whole = nodes[0].name if alone else "all nodes"
                draw(self._directory / FOLDER, some, styles, scores.fleet().to_dicts(), whole)
            except MissingExtraError as error:
                remarks.append(f"no figures were drawn: {error}")
        said = self._verdicts.counts
        page = self._directory / "report.html"
        gains = freed(
            self._series.means,
            scores.fleet().to_dicts(),
            scores.nodes,
            self._about.roles,
            self._about.risks,
        )
        write_report(
            page,
            self._about,
            scores,
            panels,
            styles,
            verdicts=said,
            freed=gains,
            asked=self._reliability.drawn(),
        )
        counts = {"nodes": scores.nodes, "judged": scores.judged, "unmeasured": scores.unmeasured}
        self._about.write(self._directory / MARKER, "strategies", counts)
        return ReplayOutcome(
            scores=scores.fleet(),
            each=scores.few(),
            verdicts=said,
            nodes=scores.nodes,
            judged=scores.judged,
            unmeasured=scores.unmeasured,
            freed=gains,
            remarks=remarks,
        )


def replay_sinks(
    directory: Path,
    strategies: Mapping[str, Mapping[str, Strategy]],
    *,
    traces: Sequence[Path] = (),
    command: Sequence[str] = (),
    settings: Mapping[str, str] | None = None,
    formats: Sequence[Format] = FORMATS,
    tolerance: float = 0.0,
    dump: bool = False,
    figures: bool = True,
    estimates: bool = False,
) -> ReplaySinks:
    """All the sinks of a replay.

    Args:
        directory: where the files go; it exists.
        strategies: by resource, then by the name each is reported under.
        traces: what is replayed.
        command: the command line, for the report.
        settings: other settings by name, for the report.
        formats: of the tables.
        tolerance: shortfall, as a share of capacity, that is not yet a violation.
        dump: whether to write dumps that the predecessor's analysis reads.
        figures: whether to draw figures as PNG and SVG.
        estimates: whether every estimate is written, with its result.
    """
    about = About.of(traces, command, settings or {}, strategies)
    return ReplaySinks(
        directory,
        about,
        formats,
        tolerance,
        dump=dump,
        figures=figures,
        estimates=estimates,
        who=explainers(strategies),
    )
