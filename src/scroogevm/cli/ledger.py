"""``scroogevm ledger``: shows the results of promises."""

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._told import asking


@click.command("ledger")
@click.option("--since", default="7d", metavar="TIME", help="Count the days since this time ago.")
@click.option(
    "--by",
    type=click.Choice(["strategy", "node", "group", "day"]),
    default="strategy",
    help="How to group the rows.",
)
@asking
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@runs("ledger")
def command() -> None:
    """Show the scores of each strategy; `offered` is what was really published."""
