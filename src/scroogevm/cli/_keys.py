"""Finds the line of each key in a TOML file."""

import tomllib
from collections.abc import Mapping
from typing import Any

Path = tuple[str, ...]


def key_lines(text: str) -> Mapping[Path, int]:
    r"""The line of each table and key of a valid TOML text, by its path, where it stands first.

    >>> lines = key_lines('[replay]\nhistory = 3\nstrategy = [\n"borg"]\ndeep.er = {x = 1}')
    >>> lines["replay", "strategy"], lines["replay", "deep", "er", "x"]
    (3, 5)
    """
    found: dict[Path, int] = {}
    table: Path = ()
    begun: list[str] = []
    start = 1
    for number, line in enumerate(text.splitlines(), 1):
        if not begun:
            start = number
        begun.append(line)
        try:
            content = tomllib.loads("\n".join(begun))
        except tomllib.TOMLDecodeError:  # a list or text of several lines goes on
            continue
        begun.clear()
        if line.lstrip().startswith("[") and start == number:
            table = _deepest(content)
            _note(found, (), content, start)
        else:
            _note(found, table, content, start)
    return found


def _deepest(content: Any) -> Path:
    """The path of a table's heading."""
    path: Path = ()
    while content:
        content = content[0] if isinstance(content, list) else content
        for key, value in content.items():
            path = (*path, key)
            content = value
            if value == [{}]:
                return path
    return path


def _note(found: dict[Path, int], above: Path, content: Any, line: int) -> None:
    if isinstance(content, dict):
        for key, value in content.items():
            found.setdefault((*above, key), line)
            _note(found, (*above, key), value, line)
