"""Terminal output: tables on stdout, progress and remarks on stderr."""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import click
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from scroogevm.reports.names import printable

WIDE = 200
"""Columns of a table that is written to a file."""


_FEWEST = 24
"""Columns that words which take several lines need at least."""


Advance = Callable[[int], None]


@contextmanager
def progress(description: str, total: int | None) -> Iterator[Advance]:
    """Show a bar on stderr while the block runs; nothing where stderr is no terminal.

    Args:
        description: what is being done.
        total: how many steps there are; None when nobody knows.

    Yields:
        A function to be told how many further steps were done.
    """
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    hidden = not console.is_terminal
    with Progress(*columns, console=console, disable=hidden, transient=True) as bar:
        task = bar.add_task(description, total=total)
        yield lambda steps: bar.advance(task, steps)


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str]], words: int = 0
) -> None:
    """Print a table; where the terminal is too narrow for it, the last columns are left out.

    Args:
        title: what it shows.
        columns: headings; the first column holds names, the others numbers.
        rows: cells as they are to be shown.
        words: how many of the last columns hold words; the very last may take several lines.
    """
    rows = list(rows)
    terminal = Console()
    # Output that goes into a file is not cut to the width of a terminal nobody looks at.
    console = terminal if terminal.is_terminal else Console(width=WIDE)
    widths = [max(map(len, cells)) + 2 for cells in zip(columns, *rows, strict=True)]
    if words:
        widths[-1] = min(widths[-1], _FEWEST)
    shown = len(columns)
    while shown > 2 and sum(widths[:shown]) + shown + 1 > console.width:
        shown -= 1
    drawn = Table(box=SIMPLE_HEAD)
    for number, column in enumerate(columns[:shown]):
        worded = not number or number >= len(columns) - words
        drawn.add_column(
            Text(printable(column)),
            justify="left" if worded else "right",
            no_wrap=not words or number < len(columns) - 1,
        )
    for row in rows:
        drawn.add_row(*(Text(printable(cell)) for cell in row[:shown]))
    # A title of the table itself would be broken at the width of the table.
    console.print(Text(printable(title), style="bold"), soft_wrap=True)
    console.print(drawn)
    if shown < len(columns):
        remark(f"(columns left out, the terminal is too narrow: {', '.join(columns[shown:])})")


def facts(title: str, lines: Mapping[str, str]) -> None:
    """Print named facts, one a line."""
    click.secho(printable(title), bold=True)
    width = max(map(len, lines), default=0)
    for name, value in lines.items():
        click.echo(f"  {name:<{width}}  {printable(value)}")


def remark(text: str) -> None:
    """Say something on stderr, beside the result."""
    click.echo(printable(text), err=True)


def print_json(content: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print JSON."""
    click.echo(json.dumps(content, indent=1, allow_nan=False))
