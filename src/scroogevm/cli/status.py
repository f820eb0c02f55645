"""``scroogevm status``: shows what is free on each node."""

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._told import asking, from_file


@click.command("status")
@click.argument("node", required=False)
@asking
@from_file
@click.option("--watch", is_flag=True, help="Show it again every 5 s, until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@runs("status")
def command() -> None:
    """Show what a service offers, for every node or for NODE.

    An offer that has expired has nothing free.
    """
