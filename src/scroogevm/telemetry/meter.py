"""Readings become samples, one after the other."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Floats, Ints
from scroogevm.core.samples import LISTED, Sample
from scroogevm.telemetry.quantities import Pair, node_quantities, there, vm_quantities
from scroogevm.telemetry.rates import LONGEST, PERIODS, believable
from scroogevm.telemetry.reading import Reading

_Key = tuple[str, str]
"""A target, and a dialect that it speaks."""


class Meter:
    """Makes a sample of each round of readings of a node; the only state is what was read before.

    A rate needs the same VM in two readings that follow one another, of the same target in the same
    dialect. Where several say the same of the node, the lowest rank that says something is
    believed. VMs are all taken from one reading, since targets may name them differently: the
    lowest rank that spoke of VMs of late, so that a target that fails once does not rename them.

    Args:
        node: its name.
        longest: seconds between two readings above which no rate is given.

    Attributes:
        oddities: how often something was left out, by why: ``repeats`` of what was read before,
            ``clocks`` that were set, ``absurd`` values.
    """

    def __init__(self, node: str, longest: float = LONGEST) -> None:
        self.node = node
        self.longest = longest
        self.oddities: Counter[str] = Counter()
        self._sources: dict[_Key, _DialectSource] = {}
        self._vms_from: _Key | None = None

    def sample(self, readings: Sequence[Reading]) -> Sample | None:
        """What a round of readings says of the node.

        Args:
            readings: of this node, of one round: at most one for each target and dialect.

        Returns:
            A sample at the time of the latest reading; None when no reading says anything new.
        """
        ordered = sorted(readings, key=lambda reading: reading.rank)
        taken = {}
        for reading in ordered:
            key = (reading.target, reading.dialect)
            source = self._sources.setdefault(key, _DialectSource(self.longest, self.oddities))
            part = source.take(reading)
            if part is not None:
                taken[key] = part
        if not taken:
            return None
        values: dict[str, float] = {}
        for part in taken.values():
            values.update(
                (quantity, value)
                for quantity, value in part.values.items()
                if np.isnan(values.get(quantity, np.nan))
            )
        time = max(reading.time for reading in ordered)
        self._vms_from = self._choose(taken, time)
        chosen = taken.get(self._vms_from) if self._vms_from else None
        if chosen is None:
            # Without VMs now and lately, one that can tell says that there are none.
            empty = self._vms_from is None and any(part.lists for part in taken.values())
            return Sample(self.node, time, {**values, LISTED: 0.0 if empty else np.nan})
        listed = float(len(chosen.vms)) if chosen.lists else np.nan
        return Sample(self.node, time, {**values, LISTED: listed}, chosen.vms, chosen.vm_values)

    def _choose(self, taken: "Mapping[_Key, _Part]", time: float) -> _Key | None:
        """Where VMs are taken from: what was held on to, unless a better one speaks of VMs."""
        best = next((key for key, part in taken.items() if part.vms), None)
        held = self._vms_from
        if held is None or not self._sources[held].lately(time):
            return best
        if best is not None and self._sources[best].rank < self._sources[held].rank:
            return best
        return held


@dataclass(frozen=True)
class _Part:
    """What one source says."""

    values: Mapping[str, float]
    vms: Sequence[str]
    vm_values: Mapping[str, Floats]
    lists: bool


class _DialectSource:
    """One dialect of one target."""

    def __init__(self, longest: float, oddities: Counter[str]) -> None:
        self.longest = longest
        self.oddities = oddities
        self.rank = 0
        self.spoke = -np.inf
        self.patience = longest
        self._before: Reading | None = None

    def take(self, now: Reading) -> _Part | None:
        """What a reading says beside the one before; None when it only says that again."""
        self.rank = now.rank
        before = self._before
        interval = now.values.get("interval", 0.0)
        self.patience = max(self.longest, PERIODS * interval)
        elapsed, repeated = self._elapsed(now, before)
        if repeated:
            # The first of its kind stays: that is when its numbers were new.
            return None
        self._before = now
        if now.vms:
            self.spoke = now.time
        return self._part(now, before, elapsed)

    def lately(self, time: float) -> bool:
        """Whether it spoke of VMs not long ago."""
        return bool(abs(time - self.spoke) <= self.patience)

    def _elapsed(self, now: Reading, before: Reading | None) -> tuple[float, bool]:
        """Seconds between two readings, NaN when no rate must be made; whether one repeats."""
        if before is None:
            return np.nan, False
        passed = now.time - before.time
        if "clock" not in now.values and "clock" not in before.values:
            return passed, False
        elapsed = now.values.get("clock", np.nan) - before.values.get("clock", np.nan)
        if elapsed == 0:
            self.oddities["repeats"] += 1
            return np.nan, True
        if not believable(elapsed, passed):
            self.oddities["clocks"] += 1
            return np.nan, False
        return elapsed, False

    def _part(self, now: Reading, before: Reading | None, elapsed: float) -> _Part:
        clock = np.array([now.values.get("clock", now.time)])
        one = Pair(
            1,
            {term: np.array([value]) for term, value in now.values.items()},
            {term: np.array([value]) for term, value in before.values.items()} if before else {},
            np.array([elapsed]),
            clock,
            self.patience,
        )
        values, absurd = node_quantities(one)
        size = len(now.vms)
        many = Pair(
            size,
            now.vm_values,
            _matched(now.vms, before) if before else {},
            np.full(size, elapsed),
            np.full(size, clock[0]),
            self.patience,
        )
        vm_values, more = vm_quantities(many, values["cpu"])
        if absurd or more:
            self.oddities["absurd"] += absurd + more
        here = there(now.vm_values, size)
        vms = now.vms if here.all() else [vm for vm, is_ in zip(now.vms, here, strict=True) if is_]
        return _Part(
            {quantity: float(value[0]) for quantity, value in values.items()},
            vms,
            {quantity: value[here] for quantity, value in vm_values.items()},
            _lists(now),
        )


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
    place = {vm: number for number, vm in enumerate(before.vms)}
    at: Ints = np.array([place.get(vm, -1) for vm in vms], np.int64)
    return {
        term: np.append(value, np.nan)[at]  # -1 is the NaN at the end
        for term, value in before.vm_values.items()
    }
