"""Says what a trace holds."""

from collections.abc import Mapping
from typing import Any

import click

from scroogevm.cli.actions._output import print_json
from scroogevm.text import counted

_NOUNS = {"nodes": "node", "windows": "window", "vms": "VM", "vm_rows": "VM row"}


def say(facts: Mapping[str, Any], text: str, *, as_json: bool) -> None:
    """Print facts of a trace, as JSON or in a sentence.

    Args:
        facts: by name.
        text: the sentence; names in braces stand for facts, counted where they are numbers.
        as_json: whether a program reads it.
    """
    if as_json:
        print_json(facts)
        return
    counts = {key: counted(facts[key], noun) for key, noun in _NOUNS.items() if key in facts}
    click.echo(text.format(**{**facts, **counts}))
