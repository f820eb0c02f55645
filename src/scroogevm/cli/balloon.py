"""``scroogevm balloon``: gives memory that guests do not need back to their host."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli._ballooning import ballooning, settings_of
from scroogevm.cli._options import length
from scroogevm.cli._words import SharedWords

if TYPE_CHECKING:
    from scroogevm.balloon.fleet import BalloonFleet

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_COLUMNS = (
    "node", "VM", "promised", "actual", "used", "usable", "need", "target", "act", "why",
)  # fmt: skip


@click.group("balloon", cls=SharedWords)
@ballooning
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Give memory that guests hold and do not need back to their host, through libvirt's balloons.

    Begin with `plan`, which changes nothing; `run` shows what it would do, cycle by cycle, and
    does it with --apply; `status` shows what a running one does, and `restore` gives every VM back
    what an earlier run took. The options of the group are the table [balloon] of a settings file.
    """
    context.obj = options


@command.command("run")
@click.option(
    "--apply", "acts", is_flag=True, help="Change VMs; without it, changes are only shown."
)
@click.pass_obj
@click.pass_context
def run(context: click.Context, shared: dict[str, Any], /, *, acts: bool) -> None:
    """Watch nodes, and shrink and grow VMs, until interrupted; then give everything back."""
    import signal  # noqa: PLC0415  # on demand
    import threading  # noqa: PLC0415  # likewise

    from scroogevm.cli._output import remark  # noqa: PLC0415  # likewise

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    fleet = _fleet(context, shared, "apply" if acts else None)
    remark(f"{'acting' if fleet.acts else 'changing nothing'}; {fleet.place} shows it")
    fleet.run(stop)


@command.command("plan")
@click.option("--watch", type=length, default="25s", metavar="TIME",
              help="How long nodes are watched first; rates need two readings.")  # fmt: skip
@_json
@click.pass_obj
@click.pass_context
def plan(context: click.Context, shared: dict[str, Any], /, *, watch: float, as_json: bool) -> None:
    """Show what a cycle would change, and why; nothing is changed.

    A running companion can plan more, because it has watched guests for longer.
    """
    import time  # noqa: PLC0415  # on demand

    from scroogevm.cli._output import print_json, progress  # noqa: PLC0415  # likewise

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


@command.command("status")
@_json
@click.pass_obj
def status(shared: dict[str, Any], /, *, as_json: bool) -> None:
    """Show what a running companion does, or what the last one did."""
    from scroogevm.balloon.view import NAME, read_view  # noqa: PLC0415  # on demand
    from scroogevm.cli._output import print_json  # noqa: PLC0415  # likewise

    found = read_view(Path(shared["data"]) / NAME)
    if as_json:
        print_json(found)
    else:
        _show(found)


@command.command("restore")
@click.pass_obj
@click.pass_context
def restore(context: click.Context, shared: dict[str, Any], /) -> None:
    """Give every VM back the memory that an earlier run took, and exit.

    Exits with 1 if a VM did not get all its memory back. VMs that do not run any
    more, were restarted, or were resized by somebody else are not changed.
    """
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # on demand
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

    if not (Path(shared["data"]) / "balloon.sqlite").exists():
        raise MisuseError("there is no journal of a memory companion", where=str(shared["data"]))
    fleet = _fleet(context, shared, "apply")
    held = fleet.held
    left = fleet.restore()
    fleet.close()
    click.echo(f"{counted(held - len(left), 'VM')} given back, {len(left)} not")
    if left:
        raise SystemExit(1)


@command.command("log")
@click.option("--since", default="7d", metavar="TIME", help="Since when: 7d, 12h, or a date.")
@_json
@click.pass_obj
def log(shared: dict[str, Any], /, *, since: str, as_json: bool) -> None:
    """Show which balloon sizes were requested, when and why."""
    import time  # noqa: PLC0415  # on demand

    from scroogevm.balloon.journal import NAME, BalloonJournal  # noqa: PLC0415  # likewise
    from scroogevm.cli._moments import moment  # noqa: PLC0415  # likewise
    from scroogevm.cli._output import print_json, table  # noqa: PLC0415  # likewise
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

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
    from scroogevm.cli._output import remark  # noqa: PLC0415  # on demand
    from scroogevm.wiring.online import balloon_fleet  # noqa: PLC0415  # likewise

    group = context.parent or context
    return balloon_fleet(settings_of(group, shared, mode), remark)


def _show(found: Mapping[str, Any]) -> None:
    """The nodes, a table of their VMs each."""
    from scroogevm.cli._output import remark, table  # noqa: PLC0415  # on demand

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
    from datetime import UTC, datetime  # noqa: PLC0415  # on demand

    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}"
