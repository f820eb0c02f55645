"""The rule for guests that have almost no memory left."""

from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import ReleaseRule
from scroogevm.balloon.words import mib
from scroogevm.core.arrays import Bools, Floats
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Starving(ReleaseRule):
    """A guest that has little left to use gets everything back at once."""

    formula = "size = maximum where usable < max(share * available, least)"
    source = "oVirt MoM calls 5 % critical"
    place = 150

    share: float = parameter(0.05, "of what the guest sees", low=0, high=1)
    least: float = parameter(24.0, "MiB", low=0)

    def where(self, facts: NodeFacts) -> Bools:
        """Guests below the limit."""
        return facts.guests.usable < self._limit(facts)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """What it has left."""
        left = mib(facts.guests.usable[vm])
        return f"It has {left} left to use (limit {mib(self._limit(facts)[vm])})."

    def _limit(self, facts: NodeFacts) -> Floats:
        return np.maximum(self.share * facts.guests.available, self.least)
