"""Gives the VMs of a node their memory back."""

import time
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from scroogevm.balloon.asking import resize
from scroogevm.balloon.clocks import Clocks
from scroogevm.balloon.following import SAME, Following, is_same_run
from scroogevm.balloon.journal import Acted, BalloonJournal, Held
from scroogevm.balloon.marks import NodeMarks
from scroogevm.balloon.watch import NodeWatch, UnseenError, spent
from scroogevm.errors import OutputError
from scroogevm.hypervisor.hypervisor import Listed

Say = Callable[[str], None]
_KIB = 1024
"""In a MiB."""


class _Sorted(NamedTuple):
    """VMs that were held: those that are over, and those that get something back."""

    over: Sequence[Held]
    back: Sequence[Held]


@dataclass
class Restoring:
    """Of one node.

    Attributes:
        watch: looks at it.
        journal: what is held there.
        marks: on its VMs.
        say: prints a line.
        clocks: tell the time.
    """

    watch: NodeWatch
    journal: BalloonJournal
    marks: NodeMarks
    say: Say
    clocks: Clocks

    def restore(self, patience: float) -> Sequence[Held]:
        """Give everything back; those where that failed.

        The node is read first: a VM that runs no more, was started anew or was resized by somebody
        else is left as it is, and forgotten.

        Args:
            patience: seconds to wait for balloons to follow.

        Raises:
            OutputError: the journal cannot be written; memory was given back nevertheless.
        """
        held: Sequence[Held] = list(self.journal.held(self.watch.name).values())
        with suppress(UnseenError):  # which is told below, where anything is held there
            held = [*held, *self._marked({one.uuid for one in held})]
        end = self.clocks.steady() + patience
        while held:
            try:
                held = self._give_back(held)
            except UnseenError as error:
                self.say(f"{self.watch.name}: {error}")
            if not held or self.clocks.steady() >= end:
                break
            time.sleep(0.1)
        for uuid in self.watch.following.keys() - {one.uuid for one in held}:
            del self.watch.following[uuid]
        return held

    def _marked(self, known: AbstractSet[str]) -> Sequence[Held]:
        """What our marks say is held, and the journal does not know; idle marks are taken off.

        Raises:
            UnseenError: the node does not answer.
        """
        watch, now = self.watch, self.clocks.now()
        view = watch.seen()
        watch.describe(view, now)
        ours = [vm for vm in view.listed if watch.owner_of(vm.uuid) == self.journal.owner]
        for vm in ours:
            watch.adopt(vm, view.stats.get(vm.uuid, {}), now)
        found = {uuid: going.held for uuid, going in watch.following.items()}
        self.marks.take(vm.uuid for vm in ours if vm.uuid not in known | found.keys())
        return [found[vm.uuid] for vm in ours if vm.uuid in found.keys() - known]

    def _give_back(self, held: Sequence[Held]) -> Sequence[Held]:
        """Ask for it; those of them that are not yet what they were.

        A journal that cannot be written keeps no guest small: only shrinking needs it.
        """
        view, now = self.watch.seen(), self.clocks.now()
        self.watch.describe(view, now)
        runs = {vm.uuid: vm for vm in view.listed}
        over, back = self._sorted(held, runs, view.stats)
        growing = [
            one._replace(before=min(one.before, one.asked), asked=one.original, time=now)
            for one in back
        ]
        acts = [
            Acted(
                now, one.node, one.uuid, one.name, "restore", one.asked, one.original, "given back"
            )
            for one in back
            if one.asked != one.original
        ]
        try:
            self.journal.keep(growing, acts)
        except OutputError:
            resize(self.watch.hypervisor, growing)
            raise
        resize(self.watch.hypervisor, growing)
        self.marks.take(one.uuid for one in over if one.uuid in runs)
        self.journal.drop(over)
        return growing

    def _sorted(
        self,
        held: Sequence[Held],
        runs: Mapping[str, Listed],
        stats: Mapping[str, Mapping[str, Any]],
    ) -> _Sorted:
        over: list[Held] = []
        back: list[Held] = []
        for one in held:
            vm, told = runs.get(one.uuid), stats.get(one.uuid, {})
            actual = float(told.get("balloon.current", np.nan)) / _KIB
            if vm is None or (told and not is_same_run(one, vm.run, spent(told))):
                over.append(one)
            elif self._is_of_others(one, actual):
                over.append(one)
                if actual < one.original - SAME:
                    self.say(
                        f"{one.node}: {one.name} was resized to {actual:.0f} MiB by somebody "
                        f"else, so it does not get back {one.original:.0f} MiB"
                    )
            elif actual >= one.original - SAME and one.asked >= one.original - SAME:
                over.append(one)
            else:  # even at its size: what was asked just before may be on its way
                back.append(one)
        return _Sorted(over, back)

    def _is_of_others(self, one: Held, actual: float) -> bool:
        if not np.isfinite(actual):
            return False
        since = self.clocks.now() - one.time
        deflates = self.watch.deflates(one.uuid)
        return Following(one).then(actual, since, deflates=deflates).held.taken
