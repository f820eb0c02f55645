"""``scroogevm ledger``: shows the results of promises."""

from typing import Any

import click

from scroogevm.cli._told import ask, asking, client

_SHOWN = (
    ("risk asked", "asked"),
    ("risk got", "got"),
    ("short", "violations"),
    ("shortfall", "severity"),
    ("saved", "savings"),
    ("free", "free"),
    ("waste", "waste"),
)


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
def command(since: str, by: str, *, as_json: bool, **options: Any) -> None:
    """Show the scores of each strategy; `offered` is what was really published."""
    from datetime import UTC, datetime  # noqa: PLC0415  # on demand

    from scroogevm.cli._output import print_json, table  # noqa: PLC0415  # likewise
    from scroogevm.core.duration import seconds  # noqa: PLC0415  # likewise

    with client(options) as api:
        params = {"last": seconds(since), "by": by}
        rows = ask(api, "GET", "api/v1/ledger", params=params).json()
    if as_json:
        print_json(rows)
        return
    for resource in ("cpu", "mem"):
        cells = []
        for row in rows:
            if row["resource"] == resource:
                of = row["of"]
                if by == "day":
                    of = f"{datetime.fromtimestamp(float(of), UTC):%Y-%m-%d}"
                name = f"{of} {row['strategy']}".strip()
                cells.append(
                    [name, *(_percent(row[key]) for _, key in _SHOWN), str(row["windows"])]
                )
        headings = ("strategy", *(text for text, _ in _SHOWN), "windows")
        table(f"{resource}, last {since}", headings, cells)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.3g} %"
