"""``scroogevm status``: shows what is free on each node."""

import time
from typing import Any

import click

from scroogevm.cli._told import asking, from_file, told

_PAUSE = 5.0


@click.command("status")
@click.argument("node", required=False)
@asking
@from_file
@click.option("--watch", is_flag=True, help="Show it again every 5 s, until interrupted.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(node: str | None, *, watch: bool, as_json: bool, **options: Any) -> None:
    """Show what a service offers, for every node or for NODE.

    An offer that has expired has nothing free.
    """
    while True:
        if watch and not as_json:
            click.clear()
        _show(node, options, as_json=as_json)
        if not watch:
            return
        time.sleep(_PAUSE)


def _show(node: str | None, options: dict[str, Any], *, as_json: bool) -> None:
    from scroogevm.cli._offers import COLUMNS, rows, summary  # noqa: PLC0415  # on demand
    from scroogevm.cli._output import table  # noqa: PLC0415  # likewise
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise
    from scroogevm.statusfile import to_json  # noqa: PLC0415  # likewise

    status = told(options)
    if node is not None:
        if node not in status.nodes:
            raise MisuseError(f"no node is called {node!r}", remedy="`scroogevm status` lists them")
        from dataclasses import replace  # noqa: PLC0415  # on demand

        status = replace(status, nodes={node: status.nodes[node]})
    if as_json:
        click.echo(to_json(status))
    else:
        table(summary(status), COLUMNS, rows(list(status.nodes.values())), words=1)
