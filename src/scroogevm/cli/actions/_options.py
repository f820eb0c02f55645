"""Options that several commands share: how traces are read, and what is written."""

import sys
import time
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

import click

from scroogevm.cli.actions._moments import moment
from scroogevm.core.duration import seconds
from scroogevm.errors import MisuseError
from scroogevm.ports import Shape
from scroogevm.reports.table import FORMATS
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.recording import StoreQuery


def asked(options: dict[str, Any]) -> Any:
    """What of a store these options mean.

    Raises:
        MisuseError: a time makes no sense.
    """
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
    pairs = (option.partition("=") for option in options)
    told = sorted(f"{name}={value}" for name, _, value in pairs if name not in _WAY)
    return sha256("\n".join(told).encode()).hexdigest()


def only_recorded(context: click.Context) -> None:
    """Refuse what speaks of a store where there is none.

    Raises:
        MisuseError: such an option is on the command line.
    """
    written = click.core.ParameterSource.COMMANDLINE
    names = ("since", "until", "node", "interval", "store_option", "restart")
    given = [name for name in names if context.get_parameter_source(name) is written]
    if given:
        raise MisuseError(
            "needs a store, and none is given",
            where=f"--{given[0].replace('_', '-')}",
            remedy="--from KIND:LOCATION",
        )


def shared(options: dict[str, Any]) -> dict[str, Any]:
    """The settings that these options make."""
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
