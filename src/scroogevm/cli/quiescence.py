"""``scroogevm quiescence``: shows which windows are like the ones before, with the reason."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli._options import (
    coverage,
    engine,
    figures,
    force,
    formats,
    reading,
    shared,
    traces,
    workers,
)

if TYPE_CHECKING:
    from scroogevm.reports.quiescence import QuiescenceOutcome


@click.command("quiescence")
@traces
@click.option(
    "-t",
    "--test",
    multiple=True,
    default=["shift"],
    metavar="SPEC",
    help="Quiescence test to run, such as shift, mean-band:a=2 or lstm:members=1; may be "
    "repeated. `scroogevm strategies` lists them.",
)
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), metavar="DIR", help="Directory to write."
)
@reading
@coverage
@click.option(
    "--nodes", type=int, default=4, metavar="N", help="Print the windows of the first N nodes."
)
@formats
@workers
@engine
@figures
@force
@click.option(
    "--json", "as_json", is_flag=True, help="Print every verdict, with its evidence, as JSON."
)
def command(**options: Any) -> None:
    """Run quiescence tests: does each window of TRACES behave like the kept windows?

    A window is judged, as greedy does, once K windows of its slice were kept before it. Verdicts
    are printed with what decided them; with -o, tables, figures and a report are written to DIR.
    """
    from scroogevm.cli._output import print_json, progress, remark  # noqa: PLC0415  # on demand
    from scroogevm.config import QuiescenceSettings  # noqa: PLC0415  # imports NumPy
    from scroogevm.wiring.quiescence import quiescence  # noqa: PLC0415  # imports Polars

    settings = QuiescenceSettings(
        tests=options["test"],
        output=options["output"],
        nodes=None if options["as_json"] else options["nodes"],
        **shared(options),
    )
    settings.check()
    outcome = quiescence(settings, lambda total: progress("Judging", total))
    for line in outcome.remarks:
        remark(line)
    if options["as_json"]:
        print_json(outcome.rows)
    else:
        _show(outcome, options["nodes"])
        if settings.output is not None:
            click.echo(f"Report: {settings.output / 'report.html'}")


def _show(outcome: "QuiescenceOutcome", nodes: int) -> None:
    """The windows of the first nodes, then how often each test said what."""
    from scroogevm.cli._output import remark, table  # noqa: PLC0415  # on demand
    from scroogevm.cli._verdicts import COUNTS, count_rows  # noqa: PLC0415  # likewise
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

    for (node, resource), rows in groupby(outcome.rows, lambda row: (row["node"], row["resource"])):
        found = sorted(rows, key=lambda row: row["window"])
        tests = list(dict.fromkeys(row["test"] for row in found))
        several = ["test"] if len(tests) > 1 else []
        table(
            f"{node}, {resource}" + ("" if several else f": {tests[0]}"),
            ("window", "hours", *several, "verdict", "what decided it"),
            _lines(found, several=bool(several)),
            words=2 + len(several),
        )
    if outcome.nodes > nodes:
        more = counted(outcome.nodes - nodes, "more node")
        remark(f"({more}: --nodes prints more of them, -o writes all)")
    table(
        f"Quiescent windows of {counted(outcome.nodes, 'node')}",
        ("test", *COUNTS),
        count_rows(outcome.counts),
        words=1,
    )


def _lines(rows: Sequence[Mapping[str, Any]], *, several: bool) -> Iterator[Sequence[str]]:
    """A line for each verdict; of several on one window, the first names it."""
    before = None
    for row in rows:
        again = row["window"] == before
        before = row["window"]
        yield (
            "" if again else str(row["window"]),
            "" if again else f"{row['hours']:.2f}",
            *([row["test"]] if several else []),
            row["verdict"],
            row["decided"],
        )
