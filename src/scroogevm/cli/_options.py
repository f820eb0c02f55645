"""Options that several commands have: how traces are read, and what is written of them."""

import os
import sys
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]

traces = click.argument("traces", nargs=-1, required=True, type=click.Path(path_type=Path))
coverage = click.option(
    "--coverage",
    type=float,
    default=0.1,
    metavar="SHARE",
    help="Share of a window's samples a node needs for a new estimate.",
)
formats = click.option(
    "--format",
    multiple=True,
    type=click.Choice(["parquet", "csv", "json"]),
    help="File format of the tables; may be repeated. All by default.",
)
workers = click.option(
    "--workers",
    type=int,
    metavar="N",
    help="Processes that judge parts of a trace side by side; one for each core, at most 4, by "
    "default.",
)
figures = click.option(
    "--figures/--no-figures", default=True, help="Whether to draw PNG and SVG figures."
)
force = click.option("--force", is_flag=True, help="Replace the output of an earlier run.")

_READING = (
    click.option("--scope", type=float, metavar="S", help="Cut into scopes of S seconds."),
    click.option("--slice", type=float, metavar="S", help="Cut into slices of S seconds."),
    click.option(
        "--history", type=int, metavar="N", help="Earlier windows kept beside the new one."
    ),
    click.option(
        "--aggregate",
        type=int,
        default=1,
        metavar="N",
        help="Take statistics of means over N consecutive samples.",
    ),
    click.option(
        "--vm-cpu-usage",
        type=click.Choice(["cores", "fraction"]),
        help="Unit of a VM's cpu usage, where the trace is not to be believed.",
    ),
)


def reading(command: Command) -> Command:
    """How to read traces, where that differs from what they say of themselves."""
    return reduce(lambda inner, option: option(inner), reversed(_READING), command)


def shared(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that these options make."""
    from scroogevm.sinks.table import FORMATS  # noqa: PLC0415  # imports Polars
    from scroogevm.traces.options import ReadOptions  # noqa: PLC0415  # imports NumPy

    return {
        "traces": options["traces"],
        "reading": ReadOptions(
            scope=options["scope"],
            slice=options["slice"],
            history=options["history"],
            aggregation=options["aggregate"],
            vm_cpu_usage=options["vm_cpu_usage"],
        ),
        "coverage": options["coverage"],
        "formats": options["format"] or FORMATS,
        "figures": options["figures"],
        "workers": options["workers"] or min(4, len(os.sched_getaffinity(0))),
        "overwrite": options["force"],
        "command": ["scroogevm", *sys.argv[1:]],
    }
