"""What the docs say, as tests read it: fenced blocks, sections, the cells of tables."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *(p for p in sorted(DOCS.rglob("*.md")) if "_build" not in p.parts),
]
"""Every page that people read, as it was written."""

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """A fenced block.

    Attributes:
        language: what stands behind the fence.
        text: its lines.
    """

    language: str
    text: str


def named(page: Path) -> str:
    """A page as tests are called after it."""
    return str(page.relative_to(ROOT))


def blocks(page: Path) -> Iterator[Block]:
    """The fenced blocks of a page that name a language, in order."""
    for match in _FENCE.finditer(page.read_text("utf-8")):
        yield Block(match[1], match[2])


def shell(page: Path) -> Iterator[str]:
    """The commands of a page, one a line."""
    for block in blocks(page):
        if block.language in ("sh", "console"):
            yield from filter(None, block.text.splitlines())


def section(page: Path, title: str) -> str:
    """What stands below a heading, up to the next of any level."""
    _, found, rest = page.read_text("utf-8").partition(f"\n## {title}\n")
    assert found, f"{named(page)} has no section {title}"
    return re.split(r"^#+ ", rest, maxsplit=1, flags=re.MULTILINE)[0]


def code(text: str) -> Sequence[str]:
    """What is set as code in a text."""
    return re.findall(r"`([^`\n]+)`", text)


def first_cells(text: str) -> Sequence[str]:
    """What is set as code in the first column of tables."""
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return [name for row in rows for name in code(row)]
