"""``scroogevm explain``: explains the offers of a node."""

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._told import asking, from_file


@click.command("explain")
@click.argument("node")
@asking
@from_file
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@runs("explain")
def command() -> None:
    """Explain the offers of NODE: the strategy, then each guard."""
