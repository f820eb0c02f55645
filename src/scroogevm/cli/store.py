"""``scroogevm store``: shows, checks and prunes stores of samples."""

import click

from scroogevm.cli._lazy import runs
from scroogevm.cli._options import store_options

_store = click.argument("store")


_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


@click.group("store")
def command() -> None:
    """Look after stores of samples.

    STORE is KIND:LOCATION, such as influxdb:http://127.0.0.1:8086/DB; a path alone is an embedded
    store.
    """


@command.command("info")
@_store
@store_options
@click.option(
    "--since",
    metavar="TIME",
    help="Start: a time ago, such as 30d or 12h, or a date, such as 2026-01-31. Default: all of "
    "an embedded store, one day of others.",
)
@_json
@runs("store")
def info() -> None:
    """Show what STORE has of each node: samples, VMs, time span, gaps."""


@command.command("check")
@_store
@store_options
@click.option("--repair", is_flag=True, help="Remove damaged data, and keep the rest.")
@_json
@runs("store")
def check() -> None:
    """Check every byte of STORE; exit with 1 if something is damaged."""


@command.command("prune")
@_store
@store_options
@click.option("--keep", metavar="TIME", help="Keep samples of this time: 30d, 12h.")
@click.option("--before", metavar="DATE", help="Keep samples after this date: 2026-01-31, in UTC.")
@_json
@runs("store")
def prune() -> None:
    """Remove old samples from STORE and free their space; a collector can continue during this."""
