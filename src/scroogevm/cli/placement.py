"""``scroogevm placement``: writes offers as allocation ratios to OpenStack's Placement."""

import time
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli._placing import client_of, ledger_of, placing, rules_of
from scroogevm.cli._told import asking, from_file, told
from scroogevm.cli._words import SharedWords

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scroogevm.openstack.doctor import Examination
    from scroogevm.openstack.headroom import Headroom
    from scroogevm.openstack.journal import Write, WriteJournal
    from scroogevm.openstack.memory import Memory
    from scroogevm.openstack.plan import Plan
    from scroogevm.openstack.rollback import Undoing
    from scroogevm.openstack.writer import Writer

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
_node = click.option("--node", metavar="NAME", help="Only this node.")


@click.group("placement", cls=SharedWords)
@placing
@click.pass_context
def command(context: click.Context, /, **options: Any) -> None:
    """Write what nodes can take into OpenStack's Placement, as allocation ratios.

    Begin with `doctor`, which reads only, then look at `plan`; `adopt` keeps the ratios that there
    are, `apply` writes, and `rollback` restores what was. The options of the group are the table
    [placement] of a settings file.
    """
    context.obj = options


@command.command("doctor")
@asking
@from_file
@click.option("--watch", is_flag=True,
              help="Check again after two periods of nova-compute, and show what it overwrote.",
              )  # fmt: skip
@_json
@click.pass_obj
def doctor(shared: dict[str, Any], /, *, watch: bool, as_json: bool, **options: Any) -> None:
    """Check for each node whether its ratio can be written and would stay; nothing is written.

    Exits with 1 if a node is blocked.
    """
    from scroogevm.cli._output import print_json  # noqa: PLC0415  # on demand
    from scroogevm.openstack.doctor import diagnose  # noqa: PLC0415  # likewise

    rules, status, then = rules_of(shared), told(options), None
    with client_of(shared) as client:
        if watch:
            then = client.survey(whole=True)
            time.sleep(2 * shared["period"])
        found = diagnose(status, client.survey(whole=True), _memory(shared), rules, then)
    if as_json:
        print_json({**asdict(found), "words": {one.node: one.words for one in found.nodes}})
    else:
        _print_examination(found)
    if not found.well:
        raise SystemExit(1)


@command.command("plan")
@asking
@from_file
@_json
@click.pass_obj
def plan(shared: dict[str, Any], /, *, as_json: bool, **options: Any) -> None:
    """Show every ratio that `apply` would write, and why; nothing is written."""
    from scroogevm.cli._output import print_json, remark  # noqa: PLC0415  # on demand
    from scroogevm.openstack.plan import make_plan  # noqa: PLC0415  # likewise
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

    rules, status, ledger = rules_of(shared), told(options), ledger_of(options)
    with client_of(shared) as client:
        survey = client.survey()
    memory = _memory(shared)
    told_of = memory.as_if_adopted(survey.providers)
    made = make_plan(status, survey, told_of, rules, now=time.time(), ledger=ledger)
    lacking = {one.node for one in made.changes if (one.uuid, one.kind) not in memory.starts}
    if as_json:
        print_json(asdict(made))
    else:
        _print_plan(made)
        if lacking:
            remark(f"{counted(len(lacking), 'node')} not adopted: nothing is written there before")


@command.command("adopt")
@asking
@from_file
@click.option("--node", "chosen", multiple=True, metavar="NAME",
              help="Adopt only this node; may be repeated.")  # fmt: skip
@click.pass_obj
def adopt(shared: dict[str, Any], /, chosen: "Sequence[str]", **options: Any) -> None:
    """Record the present ratios for a rollback, and write nodes that have stopped again.

    A node that was adopted before keeps its first record.
    """
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # on demand
    from scroogevm.openstack.names import match  # noqa: PLC0415  # likewise
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

    rules, status = rules_of(shared), told(options)
    with client_of(shared) as client:
        survey = client.survey()
    found = match(status.nodes, survey.providers, rules.names)
    unknown = [node for node in chosen if node not in found]
    if unknown:
        raise MisuseError(f"no node is called {unknown[0]!r}", where="--node")
    providers = {
        node: one.provider
        for node, one in found.items()
        if one.provider is not None and rules.asked(node) and (not chosen or node in chosen)
    }
    with _journal(shared) as journal:
        journal.belongs(client.cloud)
        done = journal.adopt(client.cloud, providers, rules.kinds, time.time())
    click.echo(f"{counted(len(done), 'node')} adopted, {len(providers) - len(done)} were already")
    lacking = [node for node, one in found.items() if one.provider is None]
    if lacking and not chosen:
        click.echo(f"{counted(len(lacking), 'node')} without a provider: see `doctor`", err=True)


@command.command("apply")
@asking
@from_file
@_json
@click.pass_obj
def apply(shared: dict[str, Any], /, *, as_json: bool, **options: Any) -> None:
    """Write the ratios of the plan to Placement; each is first written to the journal.

    Exits with 1 if one of them is not in Placement afterwards.
    """
    from scroogevm.cli._output import print_json  # noqa: PLC0415  # on demand
    from scroogevm.openstack.apply import apply as write  # noqa: PLC0415  # likewise

    rules = rules_of(shared)
    status, ledger = told(options), ledger_of(options)
    with _writer(shared, rules.rate) as writer:
        report = write(status, writer, rules, ledger)
    if as_json:
        print_json(asdict(report))
    else:
        _print_plan(report.plan)
        for node, why in report.reverted:
            click.echo(f"{node} has stopped: {why}", err=True)
        for node, why in report.put_back:
            click.echo(f"{node} is written again: {why}", err=True)
        _print_done([*report.settled, *report.done])
    if not report.well:
        raise SystemExit(1)


@command.command("rollback")
@_node
@click.option("--to", metavar="TIME",
              help="Restore the ratios of this time: 2h for two hours ago, or a date. By default "
                   "the adopted ratios.")  # fmt: skip
@click.option("--force", is_flag=True,
              help="Overwrite ratios that somebody else wrote in the meantime.")  # fmt: skip
@click.option("--dry-run", is_flag=True, help="Only show the changes.")
@_json
@click.pass_obj
def rollback(
    shared: dict[str, Any],
    node: str | None,
    to: str | None,
    *,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Restore earlier ratios from the journal; nodes are not written until adopted again.

    Exits with 1 if one of them is not restored.
    """
    from scroogevm.cli._moments import moment  # noqa: PLC0415  # on demand
    from scroogevm.cli._output import print_json  # noqa: PLC0415  # likewise
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise
    from scroogevm.openstack.apply import settle_open  # noqa: PLC0415  # likewise
    from scroogevm.openstack.rollback import plan_rollback, roll_back  # noqa: PLC0415  # likewise

    _refuse_missing(shared)
    with _writer(shared, rules_of(shared).rate) as writer:
        journal = writer.journal
        journal.belongs(writer.client.cloud)
        settle_open(writer)
        memory = journal.memory()
        ratios = journal.ratios_at(0.0 if to is None else moment(to, time.time(), "--to"))
        if node is not None:
            ratios = {key: one for key, one in ratios.items() if memory.starts[key].node == node}
        if not ratios:
            raise MisuseError("nothing was adopted" + (f" of {node}" if node else ""))
        uuids = {uuid for uuid, _ in ratios}
        heads = [one for one in writer.client.heads() if one.uuid in uuids]
        providers = {one.uuid: writer.client.inventories(one) for one in heads}
        undoing = plan_rollback(providers, memory, ratios, force=force)
        if not dry_run:
            roll_back(writer, providers, undoing)
    if as_json:
        print_json(asdict(undoing))
    else:
        _print_undoing(undoing)
    if not undoing.well:
        raise SystemExit(1)


@command.command("log")
@_node
@click.option("--since", default="7d", metavar="TIME", help="Since when: 7d, 12h, or a date.")
@_json
@click.pass_obj
def log(shared: dict[str, Any], node: str | None, since: str, *, as_json: bool) -> None:
    """Show the log of writes: time, reason and result."""
    from scroogevm.cli._moments import moment  # noqa: PLC0415  # on demand
    from scroogevm.cli._output import print_json, table  # noqa: PLC0415  # likewise

    _refuse_missing(shared)
    with _journal(shared, alone=False) as journal:
        writes = journal.log(moment(since, time.time(), "--since"), node)
    if as_json:
        print_json([one._asdict() for one in writes])
        return
    table(
        f"{len(writes)} writes",
        ("id", "time, UTC", "node", "ratios", "for", "answer", "why"),
        [_log_row(one) for one in writes],
        words=5,
    )


def _log_row(write: "Write") -> "Sequence[str]":
    from scroogevm.openstack.apply import worded  # noqa: PLC0415  # on demand

    when = f"{datetime.fromtimestamp(write.time, UTC):%Y-%m-%d %H:%M:%S}"
    answer = write.answer or "not known yet"
    why = f"{write.reason} ({write.detail})" if write.detail else write.reason
    ratios = worded(write.ratios())
    return [str(write.id), when, write.node, ratios, write.purpose, answer, why]


def _path(shared: dict[str, Any]) -> Path:
    from scroogevm.openstack.journal import NAME  # noqa: PLC0415  # on demand

    path: Path = shared["data"] / NAME
    return path


def _journal(shared: dict[str, Any], *, alone: bool = True) -> "WriteJournal":
    from scroogevm.openstack.journal import WriteJournal  # noqa: PLC0415  # on demand

    return WriteJournal(_path(shared), alone=alone)


def _refuse_missing(shared: dict[str, Any]) -> None:
    from scroogevm.errors import MisuseError  # noqa: PLC0415  # on demand

    if not _path(shared).exists():
        raise MisuseError(
            "there is no journal", where=str(_path(shared)), remedy="--data names its directory"
        )


def _memory(shared: dict[str, Any]) -> "Memory":
    """What the journal knows; nothing where there is none."""
    from scroogevm.openstack.memory import Memory  # noqa: PLC0415  # on demand

    if not _path(shared).exists():
        return Memory()
    with _journal(shared, alone=False) as journal:
        return journal.memory()


@contextmanager
def _writer(shared: dict[str, Any], rate: float) -> "Iterator[Writer]":
    from scroogevm.openstack.writer import WritePace, Writer  # noqa: PLC0415  # on demand

    with _journal(shared) as journal, client_of(shared) as client:
        yield Writer(client, journal, rate, WritePace())


def _print_examination(found: "Examination") -> None:
    from scroogevm.cli._output import remark, table  # noqa: PLC0415  # on demand
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

    ready = sum(one.verdict == "ready" for one in found.nodes)
    table(
        f"{counted(len(found.nodes), 'node')}, {ready} ready",
        ("node", "VCPU ratio", "memory ratio", "provider", "verdict"),
        [
            [
                one.node,
                *(f"{one.ratios[kind]:g}" if kind in one.ratios else "-" for kind in _KINDS),
                one.provider or "-",
                one.words,
            ]
            for one in found.nodes
        ],
        words=2,
    )
    told: dict[tuple[str, str], list[str]] = {}
    for one in found.nodes:
        for finding in one.findings:
            sentence = f"{finding.kind}: {finding.sentence}" if finding.kind else finding.sentence
            told.setdefault((sentence, finding.remedy), []).append(one.node)
    for (sentence, remedy), nodes in told.items():
        who = nodes[0] if len(nodes) == 1 else f"{nodes[0]} and {len(nodes) - 1} more"
        remark(f"{who}: {sentence}" + (f"; {remedy}" if remedy else ""))
    if found.strangers:
        some = ", ".join(found.strangers[:5])
        remark(f"{counted(len(found.strangers), 'host')} without telemetry: {some}")


def _print_plan(made: "Plan") -> None:
    from collections import Counter  # noqa: PLC0415  # on demand

    from scroogevm.cli._output import remark, table  # noqa: PLC0415  # likewise
    from scroogevm.text import counted  # noqa: PLC0415  # likewise

    table(
        f"{counted(len(made.changes), 'change')}",
        ("node", "before", "after", "room", "then", "class", "why"),
        [
            [
                one.node,
                f"{one.before:g}",
                f"{one.after:g}",
                str(one.room_before),
                str(one.room_after),
                one.kind,
                one.reason,
            ]
            for one in made.changes
        ],
        words=2,
    )
    for why, number in Counter(one.why for one in made.stays).most_common():
        first = next(one for one in made.stays if one.why == why)
        remark(f"{number} stay, {why}: {first.node}, for one: {first.reason}")
    for when, room in (("now", made.before), ("then", made.after)):
        remark(f"{when}: {_worded_room(room)}")


def _worded_room(room: "Headroom") -> str:
    from scroogevm.text import counted  # noqa: PLC0415  # on demand

    free = ", ".join(f"{amount} {kind}" for kind, amount in room.room.items())
    if not room.largest:
        return f"room for {free}"
    size = ", ".join(f"{amount} {kind}" for kind, amount in room.largest.items())
    return (
        f"room for {free}; the largest VM ({size}) fits on {counted(room.places, 'node')}; of "
        f"{counted(room.vms, 'VM')} of {room.evacuated}, {room.moved} fit elsewhere"
    )


def _print_done(done: "Sequence[Any]") -> None:
    for one in done:
        said = f" ({one.detail})" if one.detail else ""
        click.echo(f"{one.node}: {one.what}: {one.outcome or 'nobody knows yet'}{said}")


def _print_undoing(undoing: "Undoing") -> None:
    from scroogevm.cli._output import remark  # noqa: PLC0415  # on demand

    for one in undoing.restores:
        click.echo(f"{one.node}: {one.kind} {one.before:g} -> {one.after:g}")
        for text in one.remarks:
            remark(f"{one.node}: {one.kind}: {text}, which stays")
    for one in undoing.conflicts:
        remark(
            f"{one.node}: {one.kind} stays {one.before:g}: {one.conflict}; --force overwrites it"
        )
    for text in undoing.gone:
        remark(text)
    _print_done(undoing.done)
    click.echo(f"{undoing.right} were right already")


_KINDS = ("VCPU", "MEMORY_MB")
