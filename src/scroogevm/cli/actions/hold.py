"""``scroogevm hold``: freeze the offer of a node."""

from typing import Any
from urllib.parse import quote

import click

from scroogevm.cli.actions._told import ask, client


def command(node: str, note: str, **options: Any) -> None:
    """Freeze the offer of NODE: it cannot grow until `scroogevm unhold`."""
    with client(options) as api:
        path = f"api/v1/nodes/{quote(node, safe='')}/hold"
        free = ask(api, "POST", path, json={"note": note}).json()["free"]
    amounts = f"{free.get('cpu', 0):.4g} cores and {free.get('mem', 0):.6g} MiB"
    click.echo(f"{node} is held: at most {amounts} are offered")
