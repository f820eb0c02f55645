"""Options that several commands share: how traces are read, and what is written."""

import sys
from collections.abc import Callable, Sequence
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


def asked(options: dict[str, Any]) -> Any:
    """What of a store these options mean.

    Raises:
        MisuseError: a time makes no sense.
    """
    import time  # noqa: PLC0415  # on demand

    from scroogevm.cli._moments import moment  # noqa: PLC0415  # likewise
    from scroogevm.core.duration import seconds  # noqa: PLC0415  # likewise
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise
    from scroogevm.ports import Shape  # noqa: PLC0415  # imports NumPy
    from scroogevm.traces.recording import StoreQuery  # noqa: PLC0415  # imports Polars

    now = time.time()
    interval = options["interval"]
    since = moment(options["since"], now, "--since")
    if since >= now:
        raise MisuseError("is in the future", where="--since")
    until = now if options["until"] is None else moment(options["until"], now, "--until")
    scope = 1800.0 if options["scope"] is None else options["scope"]
    slice_ = scope if options["slice"] is None else options["slice"]
    history = 3 if options["history"] is None else options["history"]
    return StoreQuery(
        origin=options["from"],
        since=since,
        until=min(now, until),
        nodes=options["node"],
        interval=None if interval is None else seconds(interval),
        shape=Shape(scope, slice_, history),
        words=[*(str(options[name]) for name in _WORDS), _digest(options["store_option"])],
    )


_WORDS = ("from", "since", "until", "node", "interval", "scope", "slice", "history")
_WAY = ("timeout", "user", "password_file", "token_file", "ca_file")


def _digest(options: Sequence[str]) -> str:
    """What in parameters of a store decides what it says; a header may be a secret."""
    from hashlib import sha256  # noqa: PLC0415  # on demand

    pairs = (option.partition("=") for option in options)
    told = sorted(f"{name}={value}" for name, _, value in pairs if name not in _WAY)
    return sha256("\n".join(told).encode()).hexdigest()


def only_recorded(context: click.Context) -> None:
    """Refuse what speaks of a store where there is none.

    Raises:
        MisuseError: such an option is on the command line.
    """
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # on demand

    written = click.core.ParameterSource.COMMANDLINE
    names = ("since", "until", "node", "interval", "store_option", "restart")
    given = [name for name in names if context.get_parameter_source(name) is written]
    if given:
        raise MisuseError(
            "needs a store, and none is given",
            where=f"--{given[0].replace('_', '-')}",
            remedy="--from KIND:LOCATION",
        )


def reading(command: Command) -> Command:
    """How to read traces, where that differs from what they say of themselves."""
    return reduce(lambda inner, option: option(inner), reversed(_READING), command)


def shared(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that these options make."""
    from scroogevm.reports.table import FORMATS  # noqa: PLC0415  # imports Polars
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
        "workers": options["workers"],
        "engine": options["engine"],
        "overwrite": options["force"],
        "command": ["scroogevm", *sys.argv[1:]],
    }
