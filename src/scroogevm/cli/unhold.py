"""``scroogevm unhold``: ends the hold of a node."""

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._told import asking


@click.command("unhold")
@click.argument("node")
@asking
@runs("unhold")
def command() -> None:
    """End the hold of NODE: its offer can grow again, step by step. This needs an admin token."""
