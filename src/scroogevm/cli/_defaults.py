"""Defaults of options from a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from scroogevm.cli._tables import Tables
from scroogevm.errors import MisuseError
from scroogevm.files import read_toml


def defaults(context: click.Context, path: Path) -> dict[str, Any]:
    """Read a file of defaults and name them as click does.

    Raises:
        MisuseError: it cannot be read, names what no command knows, or gives a list for a single
            value or the reverse: all such names at once.
    """
    unknown: list[str] = []
    misfits: list[str] = []
    found = _named(context, context.command, read_toml(path), "", unknown=unknown, misfits=misfits)
    if misfits:
        raise MisuseError("; ".join(misfits), where=str(path))
    if unknown:
        raise MisuseError(
            f"unknown: {', '.join(unknown)}",
            where=str(path),
            remedy="a table for each command, such as [replay], a key for each option, "
            "such as history",
        )
    return found


def _named(
    context: click.Context,
    command: click.Command,
    content: Mapping[str, Any],
    place: str,
    *,
    unknown: list[str],
    misfits: list[str],
) -> dict[str, Any]:
    options = {
        name.removeprefix("--"): parameter
        for parameter in command.params
        for name in parameter.opts
        if name.startswith("--")
    }
    found: dict[str, Any] = {}
    for key, value in content.items():
        inner = command.get_command(context, key) if isinstance(command, click.Group) else None
        if inner is not None and isinstance(value, Mapping):
            found[key] = _named(
                context, inner, value, f"{place}{key}.", unknown=unknown, misfits=misfits
            )
        elif _takes(options.get(key), value):
            found[str(options[key].name)] = value
            misfits += _misfit(f"{place}{key}", value, options[key])
        else:
            unknown.append(f"{place}{key}")
    return found


def _takes(option: click.Parameter | None, value: Any) -> bool:
    """Whether a key of the file means this option."""
    if option is None or option.name in ("config", "help"):
        return False
    return isinstance(option, Tables) or not isinstance(value, Mapping)


def _misfit(place: str, value: Any, option: click.Parameter) -> list[str]:
    """What is wrong with the kind of a value, which click would stumble over."""
    many = option.multiple
    if isinstance(option, Tables):
        wanted = "list of tables" if many else "table"
        return [] if option.fits(value) else [f"{place} is no {wanted}"]
    values = value if isinstance(value, list) else [value]
    if isinstance(value, list) is many and all(isinstance(v, str | int | float) for v in values):
        return []
    return [f"{place} is no {'list of values' if many else 'plain value'}"]
