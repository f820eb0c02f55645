"""``scroogevm replay``: runs strategies on traces, scores them, and writes a report."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli._options import (
    asked,
    coverage,
    engine,
    figures,
    force,
    formats,
    only_recorded,
    reading,
    recording,
    shared,
    store,
    workers,
)

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


@click.command("replay")
@click.argument("traces", nargs=-1, type=click.Path(path_type=Path))
@store
@recording
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Directory to write.",
)
@click.option(
    "-s",
    "--strategy",
    multiple=True,
    metavar="SPEC",
    help="Strategy to replay, such as greedy, n-sigma:n=3 or 'margin(doa, by=1.2)'; may be "
    "repeated. All of `scroogevm strategies` by default.",
)
@click.option("--cpu", type=float, metavar="P", help="Percentile of the percentile strategy, cpu.")
@click.option("--mem", type=float, metavar="P", help="The same for memory.")
@reading
@coverage
@click.option(
    "--tolerance",
    type=float,
    default=0.0,
    metavar="SHARE",
    help="Largest shortfall, as a share of capacity, that is not a violation.",
)
@formats
@workers
@engine
@click.option(
    "--estimates",
    is_flag=True,
    help="Also write every estimate of every node and window: the promise, the outcome and the "
    "reason. The size of these tables grows with the number of windows.",
)
@click.option("--dump", is_flag=True, help="Also write dumps for the predecessor's analysis.")
@figures
@force
@click.option("--json", "as_json", is_flag=True, help="Print the scores as JSON.")
def command(**options: Any) -> None:
    """Replay traces through strategies, score them, and write a report to DIR.

    TRACE is a directory written by `scroogevm trace`, or a JSON file of the predecessor (.json,
    also .gz, .xz, .zst). Several traces form one fleet. With --from, the samples of a store are
    first recorded to DIR-trace; this trace stays and can be replayed again.
    """
    from scroogevm.cli._output import print_json, progress, remark  # noqa: PLC0415  # on demand
    from scroogevm.wiring.replay import replay  # noqa: PLC0415  # imports NumPy and Polars

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
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # on demand

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
    from scroogevm.cli._output import progress, remark  # noqa: PLC0415  # on demand
    from scroogevm.text import counted  # noqa: PLC0415  # likewise
    from scroogevm.wiring.recording import record  # noqa: PLC0415  # imports NumPy and Polars

    done = record(
        asked(options),
        options["store_option"],
        place,
        lambda total: progress("Reading", total),
        overwrite=options["force"],
        restart=options["restart"],
    )
    for line in done.lines:
        remark(line)
    nodes = sum(part.nodes for part in done.manifest.parts)
    windows = counted(done.manifest.windows, "window")
    remark(f"Trace: {place}, {counted(nodes, 'node')}, {windows}")


def _settings(options: dict[str, Any]) -> Any:
    from scroogevm.config import ReplaySettings  # noqa: PLC0415  # imports NumPy

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
    from scroogevm.cli._output import remark, table  # noqa: PLC0415  # on demand
    from scroogevm.reports.names import printable  # noqa: PLC0415  # likewise
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

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
    from scroogevm.cli._output import table  # noqa: PLC0415  # on demand
    from scroogevm.cli._verdicts import COUNTS, count_rows  # noqa: PLC0415  # likewise

    if outcome.verdicts:
        table("Quiescent windows", ("strategy", *COUNTS), count_rows(outcome.verdicts), words=1)


def _show_nodes(outcome: "ReplayOutcome", resource: str, strategies: Sequence[str]) -> None:
    """The predecessor's table: misprediction and violation of each node."""
    from scroogevm.cli._output import table  # noqa: PLC0415  # on demand

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
