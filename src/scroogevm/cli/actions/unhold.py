"""``scroogevm unhold``: ends the hold of a node."""

from typing import Any
from urllib.parse import quote

import click

from scroogevm.cli.actions._told import ask, client


def command(node: str, **options: Any) -> None:
    """End the hold of NODE: its offer can grow again, step by step."""
    with client(options) as api:
        ask(api, "DELETE", f"api/v1/nodes/{quote(node, safe='')}/hold")
    click.echo(f"{node} is no longer held")
