"""``scroogevm status``: shows what is free on each node."""

import time
from dataclasses import replace
from typing import Any

import click

from scroogevm.cli.actions._offers import COLUMNS, rows, summary
from scroogevm.cli.actions._output import table
from scroogevm.cli.actions._told import told
from scroogevm.errors import MisuseError
from scroogevm.statusfile import to_json

_PAUSE = 5.0


def command(node: str | None, *, watch: bool, as_json: bool, **options: Any) -> None:
    """Show what a service offers, for every node or for NODE."""
    while True:
        if watch and not as_json:
            click.clear()
        _show(node, options, as_json=as_json)
        if not watch:
            return
        time.sleep(_PAUSE)


def _show(node: str | None, options: dict[str, Any], *, as_json: bool) -> None:
    status = told(options)
    if node is not None:
        if node not in status.nodes:
            raise MisuseError(f"no node is called {node!r}", remedy="`scroogevm status` lists them")

        status = replace(status, nodes={node: status.nodes[node]})
    if as_json:
        click.echo(to_json(status))
    else:
        table(summary(status), COLUMNS, rows(list(status.nodes.values())), words=1)
