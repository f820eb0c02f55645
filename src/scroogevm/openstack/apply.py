"""Writes a plan: first resolves open writes, then reverted ratios, then each change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby

from scroogevm.errors import MisuseError, PlacementError
from scroogevm.offers.status import Status
from scroogevm.openstack import canary
from scroogevm.openstack.case import cases
from scroogevm.openstack.check import examine
from scroogevm.openstack.journal import Outcome
from scroogevm.openstack.memory import Memory
from scroogevm.openstack.plan import Plan, RatioChange, decide, make_plan
from scroogevm.openstack.records import Provider, Survey
from scroogevm.openstack.reversion import find_reversions
from scroogevm.openstack.rules import Rules
from scroogevm.openstack.writer import Writer

TRIES = 5
"""Writes of one node that may meet a conflict, before the next window has to do."""


@dataclass(frozen=True)
class Done:
    """What came of a change.

    Attributes:
        node: its name in the telemetry.
        what: classes with their ratios before and after, in words.
        outcome: None if unknown yet.
        detail: what Placement said.
    """

    node: str
    what: str
    outcome: Outcome | None
    detail: str = ""


@dataclass
class Report:
    """What was done.

    Attributes:
        plan: what was to be done.
        settled: what came of earlier writes whose answer was missing.
        reverted: nodes that somebody else writes, and why they have stopped, in words.
        put_back: nodes whose ratio was the one before again, which are written again.
        done: what came of each change.
        ended: whether it had to stop before all was done.
    """

    plan: Plan
    settled: Sequence[Done] = ()
    reverted: Sequence[tuple[str, str]] = ()
    put_back: Sequence[tuple[str, str]] = ()
    done: list[Done] = field(default_factory=list)
    ended: bool = False

    @property
    def well(self) -> bool:
        """Whether every change is in Placement."""
        return not self.ended and all(one.outcome == "written" for one in self.done)


def apply(
    status: Status, writer: Writer, rules: Rules, ledger: canary.Ledger | None = None
) -> Report:
    """Write what an offer asks for.

    Args:
        status: that was published.
        writer: of the cloud.
        rules: what is allowed.
        ledger: what promises of nodes were worth.

    Raises:
        MisuseError: clocks disagree, or the journal is that of another cloud.
        PlacementError: Placement cannot be asked.
        OutputError: the journal cannot be written.
    """
    now = writer.pace.now()
    journal = writer.journal
    journal.belongs(writer.client.cloud)
    settled = settle_open(writer)
    survey = writer.client.survey()
    refuse_wrong_clocks(status, survey, journal.memory(), rules, now)
    reversions = find_reversions(survey.providers, journal, now)
    memory = journal.memory()
    plan = make_plan(status.at(now), survey, memory, rules, now=now, ledger=ledger)
    report = Report(plan, settled, reversions.stopped, reversions.put_back)
    for _, some in groupby(plan.changes, key=lambda one: one.uuid):
        if not writer.turn():
            report.ended = True
            break
        report.done.append(_Node(status, survey, writer, rules).write(list(some)))
    return report


def settle_open(writer: Writer) -> Sequence[Done]:
    """Find out what came of writes whose answer is missing, such as after a kill.

    Raises:
        PlacementError: Placement is away, and nothing may be written before that is known.
    """
    found = []
    for write in writer.journal.open_writes():
        outcome, detail = writer.settle(write)
        if outcome is None:
            raise PlacementError(
                f"cannot be asked for the result of write {write.id} to {write.provider}: {detail}",
                where=writer.client.cloud,
                temporary=True,
            )
        what = worded(write.ratios())
        found.append(Done(write.node, what, outcome, detail))
    return found


def refuse_wrong_clocks(
    status: Status, survey: Survey, memory: Memory, rules: Rules, now: float
) -> None:
    """Refuse to write by a clock that is wrong.

    Raises:
        MisuseError: it is ahead of, or behind, what others say.
    """
    apart = survey.clock or 0.0
    problem = ""
    if abs(apart) > rules.skew:
        problem = f"Placement's clock is {apart:+.0f} s from ours"
    elif status.computed_at > now + rules.skew:
        problem = f"offers were computed {status.computed_at - now:.0f} s in the future"
    elif memory.newest > now + rules.skew:
        problem = f"the newest write was {memory.newest - now:.0f} s in the future"
    if problem:
        raise MisuseError(
            f"{problem}: nothing is written", where="clock", remedy="set the clocks by NTP"
        )


@dataclass(frozen=True)
class _Node:
    """Writes changes of a node; after a conflict, what is right then."""

    status: Status
    survey: Survey
    writer: Writer
    rules: Rules

    def write(self, changes: Sequence[RatioChange]) -> Done:
        node = changes[0].node
        provider = self.survey.by_uuid[changes[0].uuid]
        detail = ""
        for _ in range(TRIES):
            what = worded({one.kind: (one.before, one.after) for one in changes})
            outcome, detail = self.writer.write(
                provider,
                {one.kind: one.after for one in changes},
                node=node,
                purpose="offer",
                reason="; ".join(f"{one.kind}: {one.reason}" for one in changes),
            )
            if outcome != "conflict":
                return Done(node, what, outcome, detail)
            try:
                provider = self.writer.client.provider(provider)
            except PlacementError as error:
                return Done(node, what, "conflict", str(error))
            planned = {one.kind for one in changes}
            changes = [one for one in self._again(node, provider) if one.kind in planned]
            if not changes:
                detail = "somebody else wrote in the meantime, and there is nothing left to do"
                return Done(node, what, "conflict", detail)
        detail = f"{TRIES} times somebody else wrote in the meantime: {detail}"
        return Done(node, what, "conflict", detail)

    def _again(self, node: str, provider: Provider) -> Sequence[RatioChange]:
        """What is to be changed of a node as it is now."""
        others = [one for one in self.survey.providers if one.uuid != provider.uuid]
        told = self.status.at(self.writer.pace.now())
        alone = replace(told, nodes={node: told.nodes[node]})
        survey = replace(self.survey, providers=[*others, provider])
        memory = self.writer.journal.memory()
        (case,) = cases(alone, survey, memory, self.rules)
        decided = decide(case, memory, self.rules, examine(case))
        return [one for one in decided if isinstance(one, RatioChange)]


def worded(ratios: Mapping[str, tuple[float, float]]) -> str:
    """Ratios before and after, in words.

    >>> worded({"VCPU": (16.0, 1.5)})
    'VCPU 16 -> 1.5'
    """
    return ", ".join(f"{kind} {was:g} -> {shall:g}" for kind, (was, shall) in ratios.items())
