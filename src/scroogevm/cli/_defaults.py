"""Reads defaults of options from a settings file."""

from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Any, NamedTuple

import click

from scroogevm.cli._keys import key_lines
from scroogevm.cli._tables import Tables
from scroogevm.errors import MisuseError, ScroogeError
from scroogevm.files import read_text, to_toml
from scroogevm.ranges import RANGES, is_within


class _Fault(NamedTuple):
    """What is wrong with a key of the file."""

    path: tuple[str, ...]
    problem: str


def defaults(context: click.Context, path: Path) -> dict[str, Any]:
    """Read a file of defaults and name them as click does.

    Raises:
        MisuseError: it cannot be read, names what no command knows, or has values that no option
            takes: all faults at once, each with its line.
    """
    text = read_text(path)
    content = to_toml(text, path)
    faults: list[_Fault] = []
    found = _named(context, context.command, content, (), faults)
    if faults:
        lines = key_lines(text)
        told = sorted((lines.get(fault.path, 0), fault) for fault in faults)
        raise MisuseError(
            "; ".join(
                f"line {line}: {'.'.join(fault.path)} {fault.problem}" for line, fault in told
            ),
            where=str(path),
        )
    return found


def _named(
    context: click.Context,
    command: click.Command,
    content: Mapping[str, Any],
    above: tuple[str, ...],
    faults: list[_Fault],
) -> dict[str, Any]:
    options = {
        name.removeprefix("--"): parameter
        for parameter in command.params
        for name in parameter.opts
        if name.startswith("--") and parameter.name not in ("config", "help")
    }
    found: dict[str, Any] = {}
    for key, value in content.items():
        path = (*above, key)
        inner = command.get_command(context, key) if isinstance(command, click.Group) else None
        option = options.get(key)
        if inner is not None and isinstance(value, Mapping):
            found[key] = _named(context, inner, value, path, faults)
        elif inner is not None:
            faults.append(_Fault(path, f"is a command: write a table, [{'.'.join(path)}]"))
        elif option is None:
            known = [*options, *(_commands(context, command))]
            near = get_close_matches(key, known, n=1)
            meant = f"; did you mean {near[0]!r}?" if near else ""
            faults.append(_Fault(path, f"is unknown{meant}"))
        else:
            found[str(option.name)] = value
            faults += (_Fault(path, problem) for problem in _misfits(context, value, option, key))
    return found


def _commands(context: click.Context, command: click.Command) -> list[str]:
    return command.list_commands(context) if isinstance(command, click.Group) else []


def _misfits(
    context: click.Context, value: Any, option: click.Parameter, key: str
) -> Iterator[str]:
    """What is wrong with the value of an option."""
    many = option.multiple
    if isinstance(option, Tables):
        if not option.fits(value):
            yield f"is not a {'list of tables' if many else 'table'}"
        return
    values = value if isinstance(value, list) else [value]
    if isinstance(value, list) is not many or not all(
        isinstance(each, str | int | float) for each in values
    ):
        yield f"is not a {'list of values' if many else 'single value'}"
        return
    for each in values:
        yield from _misfit(context, each, option, key)


def _misfit(context: click.Context, value: Any, option: click.Parameter, key: str) -> Iterator[str]:
    switch = isinstance(option.type, click.types.BoolParamType)
    whole = isinstance(option.type, click.types.IntParamType)
    if isinstance(value, bool) is not switch:
        yield f"is {_shown(value)}, not {'true or false' if switch else 'a value'}"
        return
    if whole and isinstance(value, float) and not value.is_integer():
        yield f"is {value!r}, not a whole number"
        return
    try:
        converted = option.type.convert(value, option, context)
    except click.BadParameter as error:
        yield f"is wrong: {error.message.rstrip('.')}"
        return
    except ScroogeError as error:
        yield f"is wrong: {error}"
        return
    if isinstance(converted, int | float) and not is_within(f"--{key}", converted):
        low, high = RANGES[f"--{key}"]
        yield f"is {_shown(value)}, not from {low:g} to {high:g}"


def _shown(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else repr(value)
