"""Reads the status of a service for commands: from its API, or from its status file."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

import click

Command = Callable[..., Any]


_file = click.Path(path_type=Path)


_ASKING = (
    click.option(
        "--url",
        default="http://127.0.0.1:8765",
        metavar="URL",
        help="URL of `scroogevm serve`.",
    ),
    click.option(
        "--token-file", type=_file, metavar="FILE", help="File with the token of the service."
    ),
    click.option(
        "--ca-file",
        type=_file,
        metavar="PEM",
        help="Certificates to trust instead of the system's.",
    ),
)


from_file = click.option(
    "--file", type=_file, metavar="FILE", help="Read this status file instead of asking a service."
)


def asking(command: Command) -> Command:
    """Whom to ask."""
    return reduce(lambda inner, option: option(inner), reversed(_ASKING), command)
