"""Options that several commands share: how traces are read, and what is written."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


def length(text: str | float) -> float:
    """Seconds in a length of time as people write it; numbers as they are, judged with all else.

    >>> length("30m"), length("-5"), length(1800)
    (1800.0, -5.0, 1800.0)
    """
    from scroogevm.core.duration import seconds  # noqa: PLC0415  # on demand

    try:
        return float(text)
    except ValueError:
        return seconds(str(text))


traces = click.argument("traces", nargs=-1, required=True, type=click.Path(path_type=Path))


store = click.option(
    "--from",
    metavar="KIND:LOCATION",
    help="A store of samples, such as prometheus:http://127.0.0.1:9090; a path alone is an "
    "embedded store.",
)


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
    help="Number of processes; by default one for each core, at most 4.",
)


engine = click.option(
    "--engine",
    metavar="ENGINE",
    default="",
    help="Where parts of a trace are judged: processes, in-process, dask:tcp://HOST:PORT, or "
    "dask:local. Processes by default.",
)


figures = click.option(
    "--figures/--no-figures",
    default=False,
    help="Whether to draw the figures of the report also as PNG and SVG.",
)


force = click.option("--force", is_flag=True, help="Replace the output of an earlier run.")


_READING = (
    click.option("--scope", type=length, metavar="TIME", help="Length of a scope: 1800, 30m."),
    click.option("--slice", type=length, metavar="TIME", help="Length of a slice: 1m."),
    click.option(
        "--history", type=int, metavar="N", help="Number of earlier windows kept with the new one."
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
        help="Unit of a VM's cpu usage, if the trace states a wrong one.",
    ),
)


store_options = click.option(
    "--store-option",
    multiple=True,
    metavar="KEY=VALUE",
    help="Parameter of the store, such as user=reader or token_file=FILE; may be repeated.",
)


_RECORDING = (
    click.option(
        "--since",
        default="30d",
        metavar="TIME",
        help="With --from: start, a time ago such as 30d or 12h, or a date such as 2026-01-31.",
    ),
    click.option(
        "--until", metavar="TIME", help="With --from: end, in the same form; now by default."
    ),
    click.option(
        "--node",
        multiple=True,
        metavar="NAME",
        help="With --from: only this node, or nodes like 'rack1-*'; may be repeated.",
    ),
    click.option(
        "--interval",
        metavar="TIME",
        help="With --from: use means of this many seconds; by default the interval of the store, "
        "or more if a node would not fit into memory.",
    ),
    store_options,
    click.option(
        "--restart",
        is_flag=True,
        help="With --from: discard what an interrupted recording has read.",
    ),
)


def recording(command: Command) -> Command:
    """What to read of a store."""
    return reduce(lambda inner, option: option(inner), reversed(_RECORDING), command)


def reading(command: Command) -> Command:
    """How to read traces, where that differs from what they say of themselves."""
    return reduce(lambda inner, option: option(inner), reversed(_READING), command)
