"""``scroogevm explain``: explains the offers of a node."""

from typing import Any

import click

from scroogevm.cli.actions._output import print_json
from scroogevm.cli.actions._told import told
from scroogevm.errors import MisuseError
from scroogevm.offers.words import explained
from scroogevm.reports.names import printable


def command(node: str, *, as_json: bool, **options: Any) -> None:
    """Explain the offers of NODE: the strategy, then each guard."""
    status = told(options)
    if node not in status.nodes:
        raise MisuseError(f"no node is called {node!r}", remedy="`scroogevm status` lists them")
    lines = explained(status.nodes[node])
    if as_json:
        print_json({"node": node, "lines": lines})
        return
    for line in lines:
        click.echo(printable(line))
