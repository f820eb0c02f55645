"""Options that several commands share: how traces are read, and what is written."""

import sys
from typing import Any

import click

from scroogevm.errors import MisuseError
from scroogevm.reports.table import FORMATS
from scroogevm.traces.options import ReadOptions


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
