"""``scroogevm replay``: runs strategies on traces, scores them, and writes a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli.actions._options import only_recorded, shared
from scroogevm.cli.actions._output import print_json, progress, remark, table
from scroogevm.cli.actions._verdicts import COUNTS, count_rows
from scroogevm.config import ReplaySettings
from scroogevm.errors import MisuseError
from scroogevm.reports.names import printable
from scroogevm.text import counted
from scroogevm.wiring.replay import replay

if TYPE_CHECKING:
    from scroogevm.reports.replay import ReplayOutcome

SHOWN = (
    ("savings", "savings", 100, "%"),
    ("violations", "violation_rate", 100, "%"),
    ("worst", "worst_severity", 100, "%"),
    ("covered", "coverage", 100, "%"),
    ("asked", "asked", 100, "%"),
    ("check", "check", 1000, ""),
    ("misprediction", "misprediction", 1, ""),
    ("violation", "violation", 1, ""),
    ("regret", "regret", 100, "%"),
    ("oversub.", "oversubscription", 1, "x"),
    ("p99 sev.", "p99_severity", 100, "%"),
    ("decreases", "decreases", 1, ""),
    ("churn", "churn", 1, ""),
)
"""Heading, score, factor and unit of the columns in the terminal, those most needed first; files
hold every score."""


def command(**options: Any) -> None:
    """Replay traces through strategies, score them, and write a report to DIR."""
    recorded = _recorded(options)
    settings = _settings({**options, "traces": recorded or options["traces"]})
    settings.check(recorded)

    def before() -> None:
        for place in recorded:
            _record(options, place)

    outcome = replay(settings, lambda total: progress("Replaying", total), before)
    for line in outcome.remarks:
        remark(line)
    if options["as_json"]:
        print_json(outcome.scores.to_dicts())
    else:
        _show(outcome, options["output"])


def _recorded(options: dict[str, Any]) -> Sequence[Path]:
    """Where the trace of a store goes; nowhere without one."""
    if options["from"] is None:
        only_recorded(click.get_current_context())
        if not options["traces"]:
            raise MisuseError("no trace is given", remedy="name one, or a store with --from")
        return ()
    written = click.get_current_context().get_parameter_source("from")
    if options["traces"] and written is not click.core.ParameterSource.COMMANDLINE:
        return ()
    if options["traces"]:
        raise MisuseError(
            "traces and --from exclude each other", remedy="replay them one after the other"
        )
    output: Path = options["output"]
    place = output.with_name(f"{output.name}-trace")
    if place.exists() and not options["force"]:
        raise MisuseError(
            "exists already",
            where=str(place),
            remedy=f"replay it by `scroogevm replay {place} -o DIR`; --force reads the store again",
        )
    return (place,)


def _record(options: dict[str, Any], place: Path) -> None:
    """Write what the store has as a trace."""
    from scroogevm.cli.actions._recording import (  # noqa: PLC0415  # traces need no store
        record_store,
    )

    manifest = record_store(options, place, force=options["force"]).manifest
    nodes = sum(part.nodes for part in manifest.parts)
    remark(f"Trace: {place}, {counted(nodes, 'node')}, {counted(manifest.windows, 'window')}")


def _settings(options: dict[str, Any]) -> Any:
    return ReplaySettings(
        output=options["output"],
        strategies=options["strategy"],
        percentiles={r: options[r] for r in ("cpu", "mem") if options[r] is not None},
        tolerance=options["tolerance"],
        estimates=options["estimates"],
        dump=options["dump"],
        **shared(options),
    )


def _show(outcome: "ReplayOutcome", output: Path) -> None:
    """The table, what it means, what it comes to, and where the rest is."""
    for resource in outcome.scores["resource"].unique(maintain_order=True):
        rows = outcome.scores.filter(resource=resource).to_dicts()
        unmeasured = outcome.unmeasured[resource]
        table(
            f"{resource}: {counted(outcome.nodes, 'node')}, "
            f"{counted(outcome.judged[resource], 'window')} judged"
            + (f", {unmeasured} with too few samples" if unmeasured else ""),
            ("strategy", *(heading for heading, *_ in SHOWN)),
            [_cells(row) for row in rows],
        )
        if outcome.nodes > 1 and outcome.each.height:
            _show_nodes(outcome, resource, [row["strategy"] for row in rows])
    _show_verdicts(outcome)
    click.echo(
        "savings: 1 - demand/allocated; violations: windows whose p99 exceeded the promise; worst: "
        "largest\nshortfall of capacity; covered: windows that stayed within the promise, with "
        "the requested share;\ncheck: 0.99 of shortfalls and 0.01 of waste, 1/1000 of capacity: "
        "least "
        "is best at a risk of 1 %;\nmisprediction and violation: the predecessor's, summed over "
        "windows, of capacity."
    )
    for line in outcome.freed:
        click.echo(printable(line))
    if not any(outcome.judged.values()):
        remark(
            "no window could be judged, because this takes at least two windows; replay a longer "
            "time, or use shorter windows with --scope"
        )
    click.echo(f"Report: {output / 'report.html'}")


def _show_verdicts(outcome: "ReplayOutcome") -> None:
    """How often each strategy that asks a quiescence test was told that a window is quiescent."""
    if outcome.verdicts:
        table("Quiescent windows", ("strategy", *COUNTS), count_rows(outcome.verdicts), words=1)


def _show_nodes(outcome: "ReplayOutcome", resource: str, strategies: Sequence[str]) -> None:
    """The predecessor's table: misprediction and violation of each node."""
    found = {
        (row["strategy"], row["node"]): f"{row['misprediction']:.2f} | {row['violation']:.2f}"
        for row in outcome.each.filter(resource=resource).drop_nulls("misprediction").to_dicts()
    }
    nodes = outcome.each["node"].unique(maintain_order=True).to_list()
    table(
        f"{resource}: misprediction | violation of each node",
        ("strategy", *nodes),
        [(name, *(found.get((name, node), "-") for node in nodes)) for name in strategies],
    )


def _cells(row: dict[str, Any]) -> Sequence[str]:
    cells = [row["strategy"] + (" (looks ahead)" if row["looks_ahead"] else "")]
    for _, score, factor, unit in SHOWN:
        value = row[score]
        cells.append("-" if value is None else f"{factor * value:.2f}{unit}")
    return cells
