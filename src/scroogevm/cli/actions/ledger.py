"""``scroogevm ledger``: shows the results of promises."""

from datetime import UTC, datetime
from typing import Any

from scroogevm.cli.actions._output import print_json, table
from scroogevm.cli.actions._told import ask, client
from scroogevm.core.duration import seconds

_SHOWN = (
    ("risk asked", "asked"),
    ("risk got", "got"),
    ("short", "violations"),
    ("shortfall", "severity"),
    ("saved", "savings"),
    ("free", "free"),
    ("waste", "waste"),
)


def command(since: str, by: str, *, as_json: bool, **options: Any) -> None:
    """Show the scores of each strategy; `offered` is what was really published."""
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
