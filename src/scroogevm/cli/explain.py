"""``scroogevm explain``: explains the offers of a node."""

from typing import Any

import click

from scroogevm.cli._told import asking, from_file, told


@click.command("explain")
@click.argument("node")
@asking
@from_file
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(node: str, *, as_json: bool, **options: Any) -> None:
    """Explain the offers of NODE: the strategy, then each guard."""
    from scroogevm.cli._output import print_json  # noqa: PLC0415  # on demand
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise
    from scroogevm.offers.words import explained  # noqa: PLC0415  # likewise
    from scroogevm.reports.names import printable  # noqa: PLC0415  # likewise

    status = told(options)
    if node not in status.nodes:
        raise MisuseError(f"no node is called {node!r}", remedy="`scroogevm status` lists them")
    lines = explained(status.nodes[node])
    if as_json:
        print_json({"node": node, "lines": lines})
        return
    for line in lines:
        click.echo(printable(line))
