"""Pieces of Markdown."""

from collections.abc import Iterable, Sequence
from inspect import cleandoc
from itertools import takewhile


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""A table; columns that hold nothing are left out.

    >>> print(table(["a", "b", "c"], [["1", "", "x|y"]]))
    | a | c |
    | --- | --- |
    | 1 | x\|y |
    """
    body = [list(row) for row in rows]
    used = [at for at in range(len(columns)) if any(row[at] for row in body)]
    lines = [columns, ["---"] * len(columns), *body]
    return "\n".join("| " + " | ".join(_cell(line[at]) for at in used) + " |" for line in lines)


def code(text: str) -> str:
    """Text to be read to the letter; nothing stays nothing."""
    return f"`{text}`" if text else ""


def prose(described: object) -> str:
    """The sentences of a docstring: without its sections and examples."""
    paragraphs = cleandoc(described.__doc__ or "").split("\n\n")
    return "\n\n".join(takewhile(_is_prose, paragraphs))


def attributes(described: object) -> Iterable[tuple[str, str]]:
    """Name and meaning of each attribute that a docstring lists."""
    _, _, section = cleandoc(described.__doc__ or "").partition("Attributes:\n")
    found: list[tuple[str, str]] = []
    for line in takewhile(str.strip, section.splitlines()):
        if line.startswith(" " * 8):
            name, meaning = found.pop()
            found.append((name, f"{meaning} {line.strip()}"))
        else:
            name, _, meaning = line.strip().partition(": ")
            found.append((name, meaning))
    return found


def _is_prose(paragraph: str) -> bool:
    first = paragraph.split("\n", 1)[0]
    return not first.startswith(">>>") and first not in ("Args:", "Attributes:", "Raises:")


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
