"""``scroogevm placement``: writes offers as allocation ratios to OpenStack's Placement."""

import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from scroogevm.cli.actions._moments import moment
from scroogevm.cli.actions._output import print_json, remark, table
from scroogevm.cli.actions._placing import client_of, ledger_of, rules_of
from scroogevm.cli.actions._told import told
from scroogevm.errors import MisuseError
from scroogevm.openstack.apply import apply as write
from scroogevm.openstack.apply import settle_open, worded
from scroogevm.openstack.doctor import Examination, diagnose
from scroogevm.openstack.journal import NAME, Write, WriteJournal
from scroogevm.openstack.memory import Memory
from scroogevm.openstack.names import match
from scroogevm.openstack.plan import Plan, make_plan
from scroogevm.openstack.rollback import Undoing, plan_rollback, roll_back
from scroogevm.openstack.writer import WritePace, Writer
from scroogevm.text import counted

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scroogevm.openstack.headroom import Headroom


def doctor(shared: dict[str, Any], /, *, watch: bool, as_json: bool, **options: Any) -> None:
    """Check for each node whether its ratio can be written and would stay; nothing is written."""
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


def plan(shared: dict[str, Any], /, *, as_json: bool, **options: Any) -> None:
    """Show every ratio that `apply` would write, and why; nothing is written."""
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


def adopt(shared: dict[str, Any], /, chosen: "Sequence[str]", **options: Any) -> None:
    """Record the present ratios for a rollback, and write nodes that have stopped again."""
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


def apply(shared: dict[str, Any], /, *, as_json: bool, **options: Any) -> None:
    """Write the ratios of the plan to Placement; each is first written to the journal."""
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


def rollback(
    shared: dict[str, Any],
    node: str | None,
    to: str | None,
    *,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Restore earlier ratios from the journal; nodes are not written until adopted again."""
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


def log(shared: dict[str, Any], node: str | None, since: str, *, as_json: bool) -> None:
    """Show the log of writes: time, reason and result."""
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
    when = f"{datetime.fromtimestamp(write.time, UTC):%Y-%m-%d %H:%M:%S}"
    answer = write.answer or "not known yet"
    why = f"{write.reason} ({write.detail})" if write.detail else write.reason
    ratios = worded(write.ratios())
    return [str(write.id), when, write.node, ratios, write.purpose, answer, why]


def _path(shared: dict[str, Any]) -> Path:
    path: Path = shared["data"] / NAME
    return path


def _journal(shared: dict[str, Any], *, alone: bool = True) -> "WriteJournal":
    return WriteJournal(_path(shared), alone=alone)


def _refuse_missing(shared: dict[str, Any]) -> None:
    if not _path(shared).exists():
        raise MisuseError(
            "there is no journal", where=str(_path(shared)), remedy="--data names its directory"
        )


def _memory(shared: dict[str, Any]) -> "Memory":
    """What the journal knows; nothing where there is none."""
    if not _path(shared).exists():
        return Memory()
    with _journal(shared, alone=False) as journal:
        return journal.memory()


@contextmanager
def _writer(shared: dict[str, Any], rate: float) -> "Iterator[Writer]":
    with _journal(shared) as journal, client_of(shared) as client:
        yield Writer(client, journal, rate, WritePace())


def _print_examination(found: "Examination") -> None:
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
