"""One node: looked at, judged, and changed, cycle by cycle."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from scroogevm.balloon.decision import decide
from scroogevm.balloon.description import Mark
from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.following import PATIENCE, SAME, Following, is_same_run
from scroogevm.balloon.journal import Acted, BalloonJournal, Held
from scroogevm.balloon.mark import LEASE, MarkedError, mark_of, put_mark, take_mark
from scroogevm.balloon.targets import Targets
from scroogevm.balloon.watch import NodeWatch, UnseenError, spent
from scroogevm.hypervisor import library
from scroogevm.hypervisor.hypervisor import Listed

Say = Callable[[str], None]
_KIB = 1024
"""In a MiB."""
_LOOK = 60.0
"""Seconds between looks for marks of other companions."""
_CHANGES = ("shrink", "grow", "release")


class GoneVMError(Exception):
    """The VM was started anew meanwhile, or runs no more."""


@dataclass(frozen=True)
class Clocks:
    """Two clocks, which tests may replace.

    Attributes:
        steady: seconds by one that never jumps.
        now: seconds since 1970.
    """

    steady: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time


@dataclass
class Cycle:
    """What came of a cycle.

    Attributes:
        time: when it was, seconds since 1970.
        facts: the node; None where it did not answer.
        targets: what the policy wants; likewise.
        problem: why it did not answer.
        failures: what libvirt said no to, by uuid.
        seconds: that it took.
    """

    time: float
    facts: NodeFacts | None = None
    targets: Targets | None = None
    problem: str = ""
    failures: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0


class Companion:
    """Watches one node, and changes its VMs where it may.

    Args:
        watch: looks at it.
        journal: where each shrink is kept before it is asked for; None where nothing is changed.
        say: says a line.
        clocks: tell the time.
        period: seconds between refreshes that is set where a VM has none; None for never.
    """

    def __init__(
        self,
        watch: NodeWatch,
        journal: BalloonJournal | None,
        say: Say,
        clocks: Clocks | None = None,
        period: int | None = None,
    ) -> None:
        self._watch = watch
        self._journal = journal
        self._say = say
        self._clocks = clocks or Clocks()
        self._period = period
        self._trouble = ""
        self._marked: dict[str, float] = {}
        self._looked = self._others_until = float("-inf")
        self._of_others: dict[str, float] = {}
        if journal is not None:
            watch.following = {u: Following(one) for (_, u), one in journal.held(self.node).items()}

    @property
    def node(self) -> str:
        """Its name."""
        return self._watch.name

    def cycle(self) -> Cycle:
        """Look, judge, change.

        Raises:
            OutputError: the journal cannot be written; nothing more was asked for.
        """
        clock, now = self._clocks.steady(), self._clocks.now()
        made = Cycle(now)
        try:
            made.facts = self._watch.look(clock, now)
        except UnseenError as error:
            made.problem = str(error)
        else:
            made.targets = decide(made.facts, self._watch.policy)
            if self._journal is not None:
                self._keep_followed()
                self._set_periods(made.facts)
                self._change(made, made.facts, made.targets, clock, now)
        self._tell(made)
        made.seconds = self._clocks.steady() - clock
        return made

    def restore(self, patience: float = 30.0) -> Sequence[Held]:
        """Give every VM of the node back what was taken from it; those where that failed.

        The node is read first: a VM that runs no more, was started anew or was resized by somebody
        else is left as it is, and forgotten.

        Args:
            patience: seconds to wait for balloons to follow.

        Raises:
            OutputError: the journal cannot be written.
        """
        if self._journal is None:
            return []
        with suppress(UnseenError):  # which is told below, where anything is held there
            self._take_up_marks(self._journal)
        held: Sequence[Held] = list(self._journal.held(self.node).values())
        end = self._clocks.steady() + patience
        while held:
            try:
                held = self._restored(held)
            except UnseenError as error:
                self._say(f"{self.node}: {error}")
            if not held or self._clocks.steady() >= end:
                break
            time.sleep(0.1)
        left = {one.uuid for one in held}
        for uuid in self._watch.following.keys() - left:
            del self._watch.following[uuid]
        return held

    def _take_up_marks(self, journal: BalloonJournal) -> None:
        """Hold what our marks say, and the journal does not know; take off those that say nothing.

        Raises:
            UnseenError: the node does not answer.
            OutputError: the journal cannot be written.
        """
        now = self._clocks.now()
        view = self._watch.seen()
        self._watch.describe(view, now)
        known = {uuid for _, uuid in journal.held(self.node)}
        ours = [vm for vm in view.listed if self._watch.owner_of(vm.uuid) == self._owner]
        for vm in ours:
            self._watch.adopt(vm, view.stats.get(vm.uuid, {}), now)
        found = {uuid: going.held for uuid, going in self._watch.following.items()}
        journal.keep(found[vm.uuid] for vm in ours if vm.uuid in found and vm.uuid not in known)
        self._unmark([vm.uuid for vm in ours if vm.uuid not in known | found.keys()])

    def _restored(self, held: Sequence[Held]) -> Sequence[Held]:
        """Those of them that are not yet what they were."""
        journal = self._journal
        if journal is None:
            return held
        view = self._watch.seen()
        self._watch.describe(view, self._clocks.now())
        runs = {vm.uuid: vm for vm in view.listed}
        over: list[Held] = []
        back: list[Held] = []
        for one in held:
            vm, stats = runs.get(one.uuid), view.stats.get(one.uuid, {})
            actual = float(stats.get("balloon.current", np.nan)) / _KIB
            if vm is None or (stats and not is_same_run(one, vm.run, spent(stats))):
                over.append(one)
                continue
            deflates = self._watch.deflates(one.uuid)
            if np.isfinite(actual) and Following(one).then(actual, 0, deflates=deflates).held.taken:
                if actual < one.original - SAME:
                    self._say(
                        f"{self.node}: {one.name} was resized to {actual:.0f} MiB by somebody "
                        f"else, so it is not given back {one.original:.0f} MiB"
                    )
                over.append(one)
            elif actual >= one.original - SAME and one.asked >= one.original - SAME:
                over.append(one)
            else:  # even at its size: what was asked just before may be on its way
                back.append(one)
        now = self._clocks.now()
        growing = [
            one._replace(before=min(one.before, one.asked), asked=one.original, time=now)
            for one in back
        ]
        acts = [
            Acted(
                now, one.node, one.uuid, one.name, "restore", was.asked, one.original, "given back"
            )
            for one, was in zip(growing, back, strict=True)
            if was.asked != was.original
        ]
        journal.keep(growing, acts)
        sizes = {one.uuid: one.original for one in growing}
        self._ask(lambda uuid: partial(_resize, size=sizes[uuid]), list(sizes))
        self._unmark([one.uuid for one in over if one.uuid in runs])
        journal.drop(over)
        return growing

    def _change(
        self, made: Cycle, facts: NodeFacts, targets: Targets, clock: float, now: float
    ) -> None:
        """Keep what is asked for, then ask for it."""
        journal, guests = self._journal, facts.guests
        if journal is None:
            return
        listed = {vm.uuid: vm for vm in self._watch.listed}
        held: dict[str, Held] = {}
        again: dict[str, float] = {}
        acts: list[Acted] = []
        for vm, act in enumerate(targets.act):
            uuid, size = guests.uuid[vm], float(targets.size[vm])
            if act not in _CHANGES:
                continue
            if self._of_others.get(uuid, 0.0) > now:
                made.failures[uuid] = "another companion holds it"
                continue
            one = self._record(listed[uuid], facts, vm, size, now)
            if act == "release":
                self._watch.note_released(uuid, clock)
            if abs(one.asked - guests.asked[vm]) <= 1e-6:
                if guests.since[vm] >= PATIENCE:  # libvirt's view may be a second old
                    again[uuid] = size  # it is kept already
                continue
            held[uuid] = one
            reason = targets.reasons[vm]
            why = reason[-1].sentence if reason else ""
            acts.append(Acted(now, self.node, uuid, one.name, act, guests.actual[vm], size, why))
        originals = {u: one.original for u, one in held.items() if one.asked < one.before}
        marked, refused = self._mark(originals, now)
        made.failures |= refused
        asked = {uuid: one for uuid, one in held.items() if uuid not in refused}
        journal.keep(asked.values(), [act for act in acts if act.uuid in asked])
        for one in asked.values():
            self._watch.note_asked(one, clock)
        made.failures |= self._ask(lambda uuid: partial(_resize, size=again[uuid]), list(again))
        sizes = {uuid: one.asked for uuid, one in asked.items()}
        runs = {uuid: one.run for uuid, one in asked.items()}
        made.failures |= self._ask(
            lambda uuid: partial(_resize, size=sizes[uuid], run=runs[uuid]), list(sizes)
        )
        self._renew(now, marked)
        self._finish()

    def _record(self, vm: Listed, facts: NodeFacts, row: int, size: float, now: float) -> Held:
        actual = float(facts.guests.actual[row])
        going = self._watch.following.get(vm.uuid)
        seconds = self._watch.spent_of(vm.uuid)
        return Held(
            node=self.node,
            uuid=vm.uuid,
            name=vm.name,
            run=vm.run,
            spent=seconds,
            original=actual if going is None else going.held.original,
            before=actual,
            asked=size,
            time=now,
        )

    def _finish(self) -> None:
        """Forget VMs that have back what was taken from them."""
        if self._journal is None:
            return
        done = [
            going.held
            for going in self._watch.following.values()
            if going.held.reached and going.held.asked >= going.held.original - SAME
        ]
        if done:
            self._unmark([one.uuid for one in done])
            self._journal.drop(done)
            for one in done:
                del self._watch.following[one.uuid]

    def _keep_followed(self) -> None:
        """Keep which requests were followed, and which VMs somebody else took over."""
        if self._journal is None:
            return
        known = self._journal.held(self.node)
        now = {(self.node, uuid): going.held for uuid, going in self._watch.following.items()}
        self._journal.keep(one for key, one in now.items() if known.get(key) != one)
        gone = [one for key, one in known.items() if key not in now]
        self._journal.drop(gone)
        for key, one in now.items():
            before = known.get(key)
            if one.taken and (before is None or not before.taken):
                self._say(f"{self.node}: {one.name} was resized by somebody else: it is left alone")

    def _set_periods(self, facts: NodeFacts) -> None:
        """Have VMs refresh their statistics, where they do not and that is allowed."""
        guests = facts.guests
        if self._period is None:
            return
        without = [
            uuid
            for uuid, device, period, running in zip(
                guests.uuid, guests.device, guests.period, guests.running, strict=True
            )
            if device and running and not period
        ]
        failed = self._ask(lambda _: partial(_refresh, seconds=self._period or 1), without)
        self._watch.describe_again([uuid for uuid in without if uuid not in failed])

    def _mark(
        self, originals: Mapping[str, float], now: float
    ) -> tuple[Sequence[str], dict[str, str]]:
        """Mark VMs that are to be shrunk; those that are, and why others are not.

        Where another companion has marked any VM of the node, none is.
        """
        fresh = [u for u in originals if self._marked.get(u, 0.0) < now + LEASE / 2]
        other = self._other(now) if fresh else None
        if other is not None:
            return fresh, dict.fromkeys(originals, f"another companion has this node ({other})")
        until = now + LEASE
        failures = self._ask(
            lambda uuid: partial(put_mark, mark=Mark(self._owner, until, originals[uuid]), now=now),
            fresh,
        )
        for uuid in fresh:
            if uuid not in failures:
                self._marked[uuid] = now + LEASE
            elif "another companion" in failures[uuid]:
                self._of_others[uuid] = now + LEASE / 2
        return fresh, failures

    def _renew(self, now: float, done: Sequence[str]) -> None:
        """Renew marks of VMs that are held before they run out."""
        old = {
            uuid: going.held.original
            for uuid, going in self._watch.following.items()
            if uuid not in done and self._marked.get(uuid, 0.0) < now + LEASE / 2
        }
        self._mark(old, now)

    def _other(self, now: float) -> str | None:
        """Another companion that has marked a VM of the node; looked for once in a while."""
        if now >= self._looked + _LOOK or self._others_until > now:
            self._looked = now
            found = self._watch.hypervisor.ask(mark_of, [vm.uuid for vm in self._watch.listed])
            marks = [mark for mark in found.values() if isinstance(mark, Mark)]
            others = {
                mark.owner: mark.until
                for mark in marks
                if mark.owner != self._owner and mark.until > now
            }
            self._others_until = max(others.values(), default=0.0)
            return next(iter(others), None)
        return None

    def _unmark(self, uuids: Sequence[str]) -> None:
        self._ask(lambda _: partial(take_mark, owner=self._owner), uuids)
        for uuid in uuids:
            self._marked.pop(uuid, None)
        self._watch.describe_again(uuids)  # what was read of them may have the mark still

    def _ask(
        self, question: Callable[[str], Callable[[Any], object]], uuids: Sequence[str]
    ) -> dict[str, str]:
        """Ask VMs for something; why those failed that did."""
        if not uuids:
            return {}
        found = self._watch.hypervisor.ask(_by_uuid(question), uuids)
        failures: dict[str, str] = {}
        for uuid in uuids:
            answer = found.get(uuid, TimeoutError("no answer in time"))
            if isinstance(answer, Exception):
                failures[uuid] = _words(answer)
        return failures

    @property
    def _owner(self) -> str:
        return "" if self._journal is None else self._journal.owner

    def _tell(self, made: Cycle) -> None:
        """Say what is new."""
        if made.problem and not self._trouble:
            self._say(f"{self.node}: {made.problem}; it is asked again every cycle")
        elif self._trouble and not made.problem:
            self._say(f"{self.node}: answers again")
        self._trouble = made.problem


def _by_uuid(question: Callable[[str], Callable[[Any], object]]) -> Callable[[Any], object]:
    def ask(domain: Any) -> object:
        return question(domain.UUIDString().lower())(domain)

    return ask


def _resize(domain: Any, size: float, run: int | None = None) -> None:
    """Ask a balloon to leave so many MiB; never more than the VM may have."""
    if run is not None and domain.ID() != run:
        raise GoneVMError("it was started anew meanwhile")
    virt = library.libvirt()
    largest = int(domain.maxMemory())
    domain.setMemoryFlags(min(round(size * _KIB), largest), virt.VIR_DOMAIN_AFFECT_LIVE)


def _refresh(domain: Any, seconds: int) -> None:
    domain.setMemoryStatsPeriod(seconds, library.libvirt().VIR_DOMAIN_AFFECT_LIVE)


def _words(error: Exception) -> str:
    if isinstance(error, MarkedError):
        return f"another companion holds it until its mark runs out ({error.mark.owner})"
    return str(error)
