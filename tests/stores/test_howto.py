"""Commands of the how-tos about stores that are servers."""

import shlex

import click
import pytest

from documents import DOCS, blocks
from scroogevm.cli import cli
from scroogevm.stores import open_store

PAGES = ["influxdb", "prometheus"]


def commands(page: str) -> list[list[str]]:
    shown = [
        block.text for block in blocks(DOCS / "howto" / f"{page}.md") if "bash" in block.language
    ]
    return [shlex.split(line) for text in shown for line in text.splitlines()]


@pytest.mark.parametrize("page", PAGES)
def test_every_store_of_a_page_opens_with_its_options(page: str) -> None:
    opened = 0
    for words in commands(page):
        assert words[0] == "scroogevm"
        options = [words[i + 1] for i, word in enumerate(words) if word == "--store-option"]
        for word in words:
            if word.startswith(("influxdb:", "prometheus:", "victoriametrics:")):
                open_store(word, options).close()
                opened += 1
    assert opened > 3


@pytest.mark.parametrize("page", PAGES)
def test_every_command_that_collects_or_looks_can_be_typed(page: str) -> None:
    typed = 0
    for words in commands(page):
        command: click.Command | None = cli
        rest = words[1:]
        while isinstance(command, click.Group):
            command = command.get_command(click.Context(command), rest.pop(0))
        if words[1] in ("collect", "store"):
            assert command is not None
            command.make_context(words[1], rest)
            typed += 1
    assert typed > 2
