"""Changes the VMs of a node: writes the journal first, then requests, then checks the result."""

from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from functools import partial

from scroogevm.balloon.asking import ask, in_words, refresh, resize
from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.following import PATIENCE, SAME, Following
from scroogevm.balloon.journal import Acted, BalloonJournal, Held
from scroogevm.balloon.marks import NodeMarks
from scroogevm.balloon.restoring import Say
from scroogevm.balloon.targets import Targets
from scroogevm.balloon.watch import NodeWatch
from scroogevm.errors import OutputError
from scroogevm.hypervisor.hypervisor import Listed

_CHANGES = ("shrink", "grow", "release")


@dataclass(frozen=True)
class _Requests:
    """What a cycle asks for.

    Attributes:
        new: to be kept before it is asked for, by uuid.
        again: was asked for before, and is kept already.
        acts: what is told of the new ones, by uuid.
        failures: why some are not asked, by uuid.
    """

    new: dict[str, Held] = field(default_factory=dict)
    again: list[Held] = field(default_factory=list)
    acts: dict[str, Acted] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)

    def only(self, uuids: AbstractSet[str]) -> "_Requests":
        """The new ones of these VMs, and all that was asked for before."""
        new = {uuid: one for uuid, one in self.new.items() if uuid in uuids}
        return replace(self, new=new, acts={uuid: self.acts[uuid] for uuid in new})


class Acting:
    """What a companion does that may change the VMs of a node.

    Args:
        watch: looks at the node.
        journal: where each shrink is kept before it is asked for.
        say: prints a line.
        period: seconds between refreshes that is set where a VM has none; None for never.
    """

    def __init__(
        self, watch: NodeWatch, journal: BalloonJournal, say: Say, period: int | None
    ) -> None:
        self._watch = watch
        self._journal = journal
        self._say = say
        self._period = period
        self.marks = NodeMarks(watch, journal.owner)
        held = journal.held(watch.name)
        watch.following = {uuid: Following(one) for (_, uuid), one in held.items()}

    def act(self, facts: NodeFacts, targets: Targets, clock: float, now: float) -> dict[str, str]:
        """Keep what is asked for, ask for it, and keep what came of earlier requests.

        A journal that cannot be written keeps no guest small: only shrinking needs it.

        Returns:
            Why VMs were not changed that should have been, by uuid.

        Raises:
            OutputError: the journal cannot be written; nothing was shrunk.
        """
        self._set_periods(facts)
        self.marks.renew(now)
        asked = self._requests(facts, targets, clock, now)
        shrinking = {u: one.original for u, one in asked.new.items() if one.asked < one.before}
        refused = self.marks.put(shrinking, now)
        asked = asked.only(asked.new.keys() - refused.keys())
        try:
            self._journal.keep(asked.new.values(), asked.acts.values())
        except OutputError:
            self._ask(asked.only(asked.new.keys() - shrinking.keys()), clock)
            raise
        failures = {**asked.failures, **refused, **self._ask(asked, clock)}
        self._finish()
        self._keep_followed()
        return failures

    def _ask(self, asked: _Requests, clock: float) -> dict[str, str]:
        for one in asked.new.values():
            self._watch.note_asked(one, clock)
        return in_words(resize(self._watch.hypervisor, [*asked.again, *asked.new.values()]))

    def _requests(self, facts: NodeFacts, targets: Targets, clock: float, now: float) -> _Requests:
        guests, found = facts.guests, _Requests()
        listed = {vm.uuid: vm for vm in self._watch.listed}
        for row, act in enumerate(targets.act):
            uuid, size = guests.uuid[row], float(targets.size[row])
            if act not in _CHANGES:
                continue
            if self.marks.is_of_others(uuid, now):
                found.failures[uuid] = "another companion holds it"
                continue
            if act == "release":
                self._watch.note_released(uuid, clock)
            actual = float(guests.actual[row])
            one = self._held(listed[uuid], actual, size, now)
            if abs(size - guests.asked[row]) <= 1e-6:
                if guests.since[row] >= PATIENCE:  # libvirt's view may be a second old
                    found.again.append(one)
                continue
            reasons = targets.reasons[row]
            why = reasons[-1].sentence if reasons else ""
            found.new[uuid] = one
            found.acts[uuid] = Acted(now, self._watch.name, uuid, one.name, act, actual, size, why)
        return found

    def _held(self, vm: Listed, actual: float, size: float, now: float) -> Held:
        going = self._watch.following.get(vm.uuid)
        # Still on its way from an earlier request, it may be seen anywhere between all three.
        was = [actual] if going is None or going.held.reached else [actual, going.held.before]
        return Held(
            node=self._watch.name,
            uuid=vm.uuid,
            name=vm.name,
            run=vm.run,
            spent=self._watch.spent_of(vm.uuid),
            original=actual if going is None else going.held.original,
            before=max(was, key=lambda each: abs(each - size)),
            asked=size,
            time=now,
        )

    def _finish(self) -> None:
        """Follow no more those VMs that have back what was taken from them."""
        done = [
            uuid
            for uuid, going in self._watch.following.items()
            if going.held.reached and going.held.asked >= going.held.original - SAME
        ]
        self.marks.take(done)
        for uuid in done:
            del self._watch.following[uuid]

    def _keep_followed(self) -> None:
        """Keep which requests were followed, and which VMs somebody else took over."""
        name = self._watch.name
        known = self._journal.held(name)
        now = {(name, uuid): going.held for uuid, going in self._watch.following.items()}
        changed = [one for key, one in now.items() if known.get(key) != one]
        gone = [one for key, one in known.items() if key not in now]
        if changed:
            self._journal.keep(changed)
        if gone:
            self._journal.drop(gone)
        for one in changed:
            before = known.get((name, one.uuid))
            if one.taken and (before is None or not before.taken):
                self._say(f"{name}: {one.name} was resized by somebody else, so it is not changed")

    def _set_periods(self, facts: NodeFacts) -> None:
        """Have VMs refresh their statistics, where they do not and that is allowed."""
        if self._period is None:
            return
        guests = facts.guests
        without = [
            uuid
            for uuid, device, period, running in zip(
                guests.uuid, guests.device, guests.period, guests.running, strict=True
            )
            if device and running and not period
        ]
        failed = ask(
            self._watch.hypervisor, lambda _: partial(refresh, seconds=self._period or 1), without
        )
        self._watch.describe_again([uuid for uuid in without if uuid not in failed])
