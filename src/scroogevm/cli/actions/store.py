"""``scroogevm store``: shows, checks and prunes stores of samples."""

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import click

from scroogevm.cli.actions import _output as output
from scroogevm.cli.actions._moments import date, moment
from scroogevm.cli.actions._output import print_json
from scroogevm.core.duration import seconds
from scroogevm.errors import MisuseError, StoreError
from scroogevm.reports.names import printable
from scroogevm.text import counted
from scroogevm.wiring.stores import Maintainable, Outline, open_kept, open_store, outlines

_DAY = 86_400.0


def info(store: str, store_option: Sequence[str], since: str | None, *, as_json: bool) -> None:
    """Show what STORE has of each node: samples, VMs, time span, gaps."""
    now = time.time()
    with open_store(store, store_option) as opened:
        kept = isinstance(opened, Maintainable)
        if since is None:
            start = -1e11 if kept else now - _DAY
        else:
            start = moment(since, now, "--since")
        end = 1e11 if kept else now
        found = [_facts(outline) for outline in outlines(opened, start, end)]
        size = opened.size if isinstance(opened, Maintainable) else None
    if as_json:
        output.print_json({"store": store, "bytes": size, "nodes": found})
        return
    total = counted(sum(one["samples"] for one in found), "sample")
    room = "" if size is None else f", {size / 2**20:.1f} MiB"
    span = "" if start < 0 else f", since {_when(start)} UTC"
    output.table(
        f"{store}: {counted(len(found), 'node')}, {total}{span}{room}",
        ("node", "samples", "VMs", "first, UTC", "last, UTC", "every", "holes", "missing"),
        [_cells(one) for one in found],
    )


def check(store: str, store_option: Sequence[str], *, repair: bool, as_json: bool) -> None:
    """Check every byte of STORE; exit with 1 if something is damaged."""
    with open_kept(store, store_option) as opened:
        lines = list(opened.check(repair=repair))
    if as_json:
        print_json({"damaged": lines, "repaired": repair and bool(lines)})
    for line in () if as_json else lines:
        click.echo(printable(line))
    if lines:
        gone = sum(not line.endswith("(stays)") for line in lines)
        raise StoreError(
            f"{len(lines)} damaged" + (f", {gone} removed" if repair else ""),
            where=store,
            remedy="" if repair else "--repair removes what is damaged, and keeps the rest",
        )
    if not as_json:
        click.echo("nothing is damaged")


def prune(
    store: str, store_option: Sequence[str], keep: str | None, before: str | None, *, as_json: bool
) -> None:
    """Remove old samples from STORE and free their space; a collector can continue during this."""
    if (keep is None) == (before is None):
        raise MisuseError("no limit is given", remedy="give either --keep or --before")
    limit = date(before, "--before") if before is not None else time.time() - seconds(keep or "")
    with open_kept(store, store_option) as opened:
        was = opened.size
        removed = opened.prune(limit)
        facts = {"removed": removed, "bytes_before": was, "bytes": opened.size}
    if as_json:
        print_json(facts)
    else:
        click.echo(
            f"{removed} samples removed, {was / 2**20:.1f} -> {facts['bytes'] / 2**20:.1f} MiB"
        )


def _facts(outline: "Outline") -> dict[str, Any]:
    holes = outline.holes
    return {
        "node": outline.node,
        "samples": int(outline.times.size),
        "vms": outline.vms,
        "first": float(outline.times[0]),
        "last": float(outline.times[-1]),
        "interval": outline.interval,
        "holes": [list(ends) for ends in holes],
        "missing": sum(end - start for start, end in holes),
    }


def _cells(facts: dict[str, Any]) -> Sequence[str]:
    interval, span = facts["interval"], facts["last"] - facts["first"]
    return (
        facts["node"],
        str(facts["samples"]),
        str(facts["vms"]),
        _when(facts["first"]),
        _when(facts["last"]),
        "-" if interval is None else f"{interval:g} s",
        str(len(facts["holes"])),
        f"{100 * facts['missing'] / span:.1f} %" if span else "-",
    )


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
