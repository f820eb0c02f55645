"""Converts readings to samples, one after the other."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence

import numpy as np

from scroogevm.core.samples import LISTED, Sample
from scroogevm.telemetry.dialect_source import DialectSource, SourcePart, Trouble
from scroogevm.telemetry.joined import LISTING, joined, old
from scroogevm.telemetry.rates import LONGEST
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
            ``clocks`` that were set, ``absurd`` values, ``stale`` answers.
        troubles: since when something is wrong with what the node says, by what.
    """

    def __init__(self, node: str, longest: float = LONGEST) -> None:
        self.node = node
        self.longest = longest
        self.oddities: Counter[str] = Counter()
        self._sources: dict[_Key, DialectSource] = {}
        self.troubles: dict[Trouble, float] = {}
        self._down: dict[str, float] = {}
        self._vms_from: _Key | None = None

    def keep(self, targets: Collection[str]) -> None:
        """Forget what others than these targets said."""
        self._sources = {key: each for key, each in self._sources.items() if key[0] in targets}
        self._down = {target: at for target, at in self._down.items() if target in targets}
        if self._vms_from not in self._sources:
            self._vms_from = None

    def sample(self, readings: Sequence[Reading]) -> Sample | None:
        """What a round of readings says of the node.

        Args:
            readings: of this node, of one round: at most one for each target and dialect.

        Returns:
            A sample at the time of the latest reading; None when no reading says anything new.
        """
        ordered = joined(sorted(readings, key=lambda reading: reading.rank))
        taken = {}
        for reading in ordered:
            key = (reading.target, reading.dialect)
            source = self._sources.setdefault(key, DialectSource(self.longest, self.oddities))
            if reading.vms and old(reading.values, reading.time, self.longest):
                self.oddities["stale"] += 1
                source.troubles = {"VMs": reading.values["textfile_time"]}
                continue
            part = source.take(reading)
            if part is not None:
                taken[key] = part
        self._note(ordered)
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

    def _note(self, readings: Sequence[Reading]) -> None:
        """Since when something is wrong."""
        for reading in readings:
            up = reading.values.get(LISTING, np.nan)
            if up == 0:
                self._down.setdefault(reading.target, reading.time)
            elif up > 0:
                self._down.pop(reading.target, None)
        self.troubles = {"libvirt": min(self._down.values())} if self._down else {}
        for each in self._sources.values():
            for trouble, since in each.troubles.items():
                self.troubles[trouble] = min(since, self.troubles.get(trouble, since))

    def _choose(self, taken: "Mapping[_Key, SourcePart]", time: float) -> _Key | None:
        """Where VMs are taken from: what was held on to, unless a better one speaks of VMs."""
        best = next((key for key, part in taken.items() if part.vms), None)
        held = self._vms_from
        if held is None or not self._sources[held].lately(time):
            return best
        if best is not None and self._sources[best].rank < self._sources[held].rank:
            return best
        return held
