"""``scroogevm quiescence``: shows which windows are like the ones before, with the reason."""

from pathlib import Path

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._options import (
    coverage,
    engine,
    figures,
    force,
    formats,
    reading,
    traces,
    workers,
)


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
@runs("quiescence")
def command() -> None:
    """Run quiescence tests: does each window of TRACES behave like the kept windows?

    A window is judged, as greedy does, once K windows of its slice were kept before it. Verdicts
    are printed with what decided them; with -o, tables, figures and a report are written to DIR.
    """
