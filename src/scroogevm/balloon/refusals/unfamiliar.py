"""The refusal of guests that were not watched long enough."""

from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools
from scroogevm.offers.guard import seconds
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Unfamiliar(Refusal):
    """A guest whose working set is not known yet is not shrunk."""

    formula = "looked < least, or need is missing"
    place = 130

    least: float = parameter(300.0, "seconds that a guest must be watched first", low=0)

    def where(self, facts: NodeFacts) -> Bools:
        """Guests that are not known yet."""
        guests = facts.guests
        return ~((guests.looked >= self.least) & np.isfinite(guests.need))

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """For how long it was watched."""
        looked, least = seconds(facts.guests.looked[vm]), seconds(self.least)
        return f"Its guest was watched for {looked} (needed: {least})."
