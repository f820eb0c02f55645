"""The rule of the predecessor, corrected."""

from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.mode import Leeway, Mode
from scroogevm.balloon.rule import Ask, OrderRule
from scroogevm.balloon.words import mib
from scroogevm.core.arrays import Bools, Floats
from scroogevm.offers.guard import seconds
from scroogevm.registry import parameter


@dataclass(frozen=True)
class PredecessorMode(Mode):
    """Shrinks a VM of which the host holds much more than it uses, for half a minute.

    The guest drops what it only caches and gets its maximum back. It does not look at the host.
    Set right: use does not count page cache, and every refusal and release holds.
    """

    formula = "size = max(p90 of used, minimum) for hold, where rss - p90 of used > gain"
    source = "the vmballooning of the predecessor"

    gain: float = parameter(2048.0, "MiB that the host must hold above the use", low=0)
    hold: float = parameter(30.0, "seconds for which a VM is small", low=1)
    grace: float = parameter(600.0, "seconds between two requests, and after a start", low=0)

    def sizes(self, facts: NodeFacts, bounds: Leeway, order: OrderRule, ask: Ask) -> Floats:
        """Small for a while, or what it may be."""
        del order, ask
        guests = facts.guests
        small = bounds.start < bounds.top
        held = small & (guests.since < self.hold)
        goal = np.maximum(bounds.floor, bounds.least)
        size = np.where(self._due(facts) & ~small, np.minimum(goal, bounds.start), bounds.top)
        return np.where(held, np.maximum(bounds.start, bounds.floor), size)

    def sentence(self, facts: NodeFacts, vm: int, change: float) -> str:
        """What the host holds and the guest uses."""
        guests = facts.guests
        held, need = mib(guests.rss[vm]), mib(guests.need[vm])
        both = f"The host holds {held} and the guest uses {need}"
        if change < 0:
            return f"{both}: it is made small for {seconds(self.hold)}."
        if change > 0:
            return "It was small for long enough, and gets its maximum back."
        return f"{both}: it is made small if these are {mib(self.gain)} apart."

    def _due(self, facts: NodeFacts) -> Bools:
        guests = facts.guests
        rested = (guests.since > self.grace) & (guests.up > self.grace)
        return rested & (guests.rss - guests.need > self.gain)
