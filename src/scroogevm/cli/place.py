"""``scroogevm place``: shows which nodes have room for VMs of a size."""

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._told import asking, from_file


@click.command("place")
@click.argument("vm", metavar="NAME,CPU,MEM")
@click.option("--count", type=click.IntRange(1, 1_000_000), default=1, help="Number of VMs.")
@asking
@from_file
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@runs("place")
def command() -> None:
    """Show which nodes have room for VMs of CPU cores and MEM MiB. Nothing is placed.

    Exits with 1 if not all of them can be placed.
    """
