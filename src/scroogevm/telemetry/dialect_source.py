"""Reads one dialect of one target, reading after reading."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from scroogevm.core.arrays import Floats, Ints
from scroogevm.ports import RESOURCES
from scroogevm.telemetry.quantities import Pair, node_quantities, there, vm_quantities
from scroogevm.telemetry.rates import PERIODS, believable
from scroogevm.telemetry.reading import Reading
from scroogevm.telemetry.stillness import CpuTimes, Moved, limit, runs

Trouble = Literal["libvirt", "VMs", "node"]
"""What is wrong with what a node says: libvirt is lost, or counters stand still."""


@dataclass(frozen=True)
class SourcePart:
    """What one source says."""

    values: Mapping[str, float]
    vms: Sequence[str]
    vm_values: Mapping[str, Floats]
    lists: bool


class DialectSource:
    """One dialect of one target.

    Attributes:
        troubles: since when something is wrong with what it says, by what.
    """

    def __init__(self, longest: float, oddities: Counter[str]) -> None:
        self.longest = longest
        self.oddities = oddities
        self.rank = 0
        self.spoke = -np.inf
        self.patience = longest
        self.troubles: dict[Trouble, float] = {}
        self._before: Reading | None = None
        self._renewed = np.nan
        self._moved = Moved.none()
        self._vms_moved = Moved.none()

    def take(self, now: Reading) -> SourcePart | None:
        """What a reading says beside the one before; None when it only says that again."""
        self.rank = now.rank
        before = self._before
        interval = now.values.get("interval", 0.0)
        self.patience = max(self.longest, PERIODS * interval)
        if self._repeats(now, before):
            # The first of its kind stays: that is when its numbers were new.
            longest = np.fmax(limit(self._renewed), PERIODS * interval)
            if before and now.time - before.time >= longest:
                self.troubles = {"node" if "cpu_time" in now.values else "VMs": before.time}
            return None
        self._renewed = now.time - before.time if before and self._moved.readings > 1 else np.nan
        self._before = now
        part = self._part(now, before)
        if part.vms:
            self.spoke = now.time
        return part

    def lately(self, time: float) -> bool:
        """Whether it spoke of VMs not long ago."""
        return bool(abs(time - self.spoke) <= self.patience)

    def _repeats(self, now: Reading, before: Reading | None) -> bool:
        """Whether a reading is the one before, by its clock; a clock that was set is counted."""
        if before is None or not ("clock" in now.values or "clock" in before.values):
            return False
        elapsed = now.values.get("clock", np.nan) - before.values.get("clock", np.nan)
        if elapsed == 0:
            self.oddities["repeats"] += 1
        elif not believable(elapsed, now.time - before.time):
            self.oddities["clocks"] += 1
        return bool(elapsed == 0)

    def _part(self, now: Reading, before: Reading | None) -> SourcePart:
        size = len(now.vms)
        clock = now.values.get("clock", np.nan)
        node = {term: np.array([value]) for term, value in now.values.items()}
        old = {term: np.array([value]) for term, value in before.values.items()} if before else {}
        matched = _matched(now.vms, before) if before else {}
        place = _places(now.vms, before.vms) if before else np.full(size, -1, np.int64)
        told = CpuTimes(node.get("cpu_time"), old.get("cpu_time"), np.zeros(1, np.int64))
        self._moved = self._moved.then(now.time, clock, told)
        running = runs(now.vm_values.get("state"), size)
        told = CpuTimes(now.vm_values.get("cpu_time"), matched.get("cpu_time"), place, running)
        self._vms_moved = self._vms_moved.then(now.time, clock, told)
        stamp = now.values.get("clock", now.time)
        one = Pair(1, node, old, self._moved.elapsed, np.array([stamp]), self.patience)
        values, absurd = node_quantities(one)
        many = Pair(
            size,
            now.vm_values,
            matched,
            self._vms_moved.elapsed,
            np.full(size, stamp),
            self.patience,
        )
        vm_values, more = vm_quantities(many, values["cpu"])
        if absurd or more:
            self.oddities["absurd"] += absurd + more
        self._note()
        if self._moved.is_frozen:
            values = {name: v if name in RESOURCES else v * np.nan for name, v in values.items()}
        here = there(now.vm_values, size) & (not self._vms_moved.is_frozen)
        vms = now.vms if here.all() else [vm for vm, is_ in zip(now.vms, here, strict=True) if is_]
        return SourcePart(
            {quantity: float(value[0]) for quantity, value in values.items()},
            vms,
            {quantity: value[here] for quantity, value in vm_values.items()},
            _lists(now) and not self._vms_moved.is_frozen,
        )

    def _note(self) -> None:
        """Since when something is wrong."""
        found: dict[Trouble, float] = {}
        if self._moved.is_frozen:
            found["node"] = self._moved.since
        if self._vms_moved.is_frozen:
            found["VMs"] = self._vms_moved.since
        if found:
            self.oddities["stale"] += 1
        self.troubles = found


def _lists(now: Reading) -> bool:
    """Whether a reading can say that a VM is gone: it names VMs, or says that it could.

    One that says its libvirt is lost cannot, whatever it still names.
    """
    up = now.values.get("vms_up", np.nan)
    return bool(up != 0) and (bool(now.vms) or bool(up > 0))


def _matched(vms: Sequence[str], before: Reading) -> Mapping[str, Floats]:
    """What was read of these VMs before, NaN for those that were not there."""
    if list(vms) == list(before.vms):
        return before.vm_values
    at = _places(vms, before.vms)
    return {
        term: np.append(value, np.nan)[at]  # -1 is the NaN at the end
        for term, value in before.vm_values.items()
    }


def _places(vms: Sequence[str], before: Sequence[str]) -> Ints:
    """(vms,), where VMs stood in the reading before, -1 for nowhere."""
    if list(vms) == list(before):
        return np.arange(len(vms))
    place = {vm: number for number, vm in enumerate(before)}
    return np.array([place.get(vm, -1) for vm in vms], np.int64)
