"""``scroogevm hold``: freeze the offer of a node."""

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._told import asking


@click.command("hold")
@click.argument("node")
@click.option("--note", default="", help="Reason, shown with the hold.")
@asking
@runs("hold")
def command() -> None:
    """Freeze the offer of NODE: it cannot grow until `scroogevm unhold`.

    It can still fall. This needs an admin token.
    """
