"""Groups of commands that share options."""

from collections.abc import Mapping
from itertools import islice
from pathlib import Path
from typing import Any

import click


def options_in(
    group: click.Group, parent: click.Context, table: Mapping[str, Any], data: Path | None = None
) -> tuple[click.Context, dict[str, Any]]:
    """The options of such a group as a table of the settings file says them.

    Args:
        group: the group.
        parent: the context of the program.
        table: of the file.
        data: the data directory, where the table says none.
    """
    with group.make_context(str(group.name), ["log"], parent=parent, default_map=table) as inner:
        found = dict(inner.params)
    if data is not None and "data" not in table:
        found["data"] = data
    return inner, found


class SharedWords(click.Group):
    """A group whose own options may stand behind the command, too."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take its options wherever they stand: no command of it has one of the same name."""
        own = {name for parameter in self.params for name in parameter.opts}
        first: list[str] = []
        rest: list[str] = []
        words = iter(args)
        for word in words:
            name, given, _ = word.partition("=")
            if word == "--":
                rest += [word, *words]
            elif name in own:
                first += [word] if given else [word, *islice(words, 1)]
            else:
                rest.append(word)
        return super().parse_args(ctx, [*first, *rest])
