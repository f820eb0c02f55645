"""``scroogevm replay``: runs strategies on traces, scores them, and writes a report."""

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
    recording,
    store,
    workers,
)


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
@runs("replay")
def command() -> None:
    """Replay traces through strategies, score them, and write a report to DIR.

    TRACE is a directory written by `scroogevm trace`, or a JSON file of the predecessor (.json,
    also .gz, .xz, .zst). Several traces form one fleet. With --from, the samples of a store are
    first recorded to DIR-trace; this trace stays and can be replayed again.
    """
