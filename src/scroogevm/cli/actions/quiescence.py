"""``scroogevm quiescence``: shows which windows are like the ones before, with the reason."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli.actions._options import shared
from scroogevm.cli.actions._output import print_json, progress, remark, table
from scroogevm.cli.actions._verdicts import COUNTS, count_rows
from scroogevm.config import QuiescenceSettings
from scroogevm.text import counted
from scroogevm.wiring.quiescence import quiescence

if TYPE_CHECKING:
    from scroogevm.reports.quiescence import QuiescenceOutcome


def command(**options: Any) -> None:
    """Run quiescence tests: does each window of TRACES behave like the kept windows?"""
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
