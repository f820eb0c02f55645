"""``scroogevm balloon``: gives memory that guests do not need back to their host."""

import signal
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.balloon.journal import NAME as JOURNAL
from scroogevm.balloon.journal import BalloonJournal
from scroogevm.balloon.view import NAME, read_view
from scroogevm.cli.actions._ballooning import settings_of
from scroogevm.cli.actions._moments import moment
from scroogevm.cli.actions._output import print_json, progress, remark, table
from scroogevm.errors import MisuseError
from scroogevm.text import counted
from scroogevm.wiring.balloon import balloon_fleet

if TYPE_CHECKING:
    from scroogevm.wiring.balloon import BalloonFleet

_COLUMNS = (
    "node", "VM", "promised", "actual", "used", "usable", "need", "target", "act", "why",
)  # fmt: skip


def run(context: click.Context, shared: dict[str, Any], /, *, acts: bool) -> None:
    """Watch nodes, and shrink and grow VMs, until interrupted; then give everything back."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    fleet = _fleet(context, shared, "apply" if acts else None)
    remark(f"{'acting' if fleet.acts else 'changing nothing'}; {fleet.place} shows it")
    fleet.run(stop)


def plan(context: click.Context, shared: dict[str, Any], /, *, watch: float, as_json: bool) -> None:
    """Show what a cycle would change, and why; nothing is changed."""
    fleet = _fleet(context, shared, "plan")
    cycles = max(1, int(watch / fleet.interval))
    with progress("watching", cycles) as advance:
        fleet.cycle()
        for _ in range(cycles):
            time.sleep(fleet.interval)
            fleet.cycle()
            advance(1)
    found = fleet.view().to_dict()
    fleet.close()
    if as_json:
        print_json(found)
    else:
        _show(found)
    if any(node["problem"] for node in found["nodes"]):
        raise SystemExit(1)


def status(shared: dict[str, Any], /, *, as_json: bool) -> None:
    """Show what a running companion does, or what the last one did."""
    found = read_view(Path(shared["data"]) / NAME)
    if as_json:
        print_json(found)
    else:
        _show(found)


def restore(context: click.Context, shared: dict[str, Any], /) -> None:
    """Give every VM back the memory that an earlier run took, and exit."""
    if not (Path(shared["data"]) / JOURNAL).exists():
        raise MisuseError("there is no journal of a memory companion", where=str(shared["data"]))
    fleet = _fleet(context, shared, "apply")
    held = fleet.held
    left = fleet.restore()
    fleet.close()
    click.echo(f"{counted(held - len(left), 'VM')} given back, {len(left)} not")
    if left:
        raise SystemExit(1)


def log(shared: dict[str, Any], /, *, since: str, as_json: bool) -> None:
    """Show which balloon sizes were requested, when and why."""
    path = Path(shared["data"]) / NAME
    if not path.exists():
        raise MisuseError("there is no journal of a memory companion", where=str(shared["data"]))
    with BalloonJournal(path, alone=False) as journal:
        acts = journal.acts(moment(since, time.time(), "--since"))
    if as_json:
        print_json([asdict(one) for one in acts])
        return
    columns = ("time (UTC)", "node", "VM", "act", "MiB before", "MiB after", "why")
    rows = [
        (_utc(one.time), one.node, one.name, one.act, f"{one.before:.0f}", f"{one.after:.0f}",
         one.reason)
        for one in acts
    ]  # fmt: skip
    table(counted(len(acts), "request"), columns, rows, words=1)


def _fleet(context: click.Context, shared: Mapping[str, Any], mode: str | None) -> "BalloonFleet":
    group = context.parent or context
    return balloon_fleet(settings_of(group, shared, mode), remark)


def _show(found: Mapping[str, Any]) -> None:
    """The nodes, a table of their VMs each."""
    for node in found["nodes"]:
        if node["problem"]:
            remark(f"{node['node']}: {node['problem']}")
    rows = [_row(node["node"], vm) for node in found["nodes"] for vm in node["vms"]]
    title = f"mode {found['mode']}, policy {found['policy']}, {_utc(found['time'])} UTC; MiB"
    for node in found["nodes"]:
        if not node["problem"]:
            title += (
                f"; {node['node']} has {_mib(node['available'])} of {_mib(node['total'])} left, "
                f"asks for {_mib(node['wanted'])}, {_mib(node['taken'])} taken"
            )
    table(title, _COLUMNS, rows, words=2)


def _row(node: str, vm: Mapping[str, Any]) -> Sequence[str]:
    numbers = (_mib(vm[name]) for name in _COLUMNS[2:8])
    why = f"{vm['reason']} {vm['failure']}".strip()
    return (node, vm["name"], *numbers, vm["act"], why)


def _mib(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def _utc(seconds: float) -> str:
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
