"""The refusal of VMs of unknown size."""

from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools


@dataclass(frozen=True)
class Unsized(Refusal):
    """A VM whose size or maximum is not known is not touched."""

    formula = "actual or maximum is missing"
    place = 10
    hands_off = True

    def where(self, facts: NodeFacts) -> Bools:
        """VMs without a size."""
        guests = facts.guests
        return ~(np.isfinite(guests.actual) & np.isfinite(guests.maximum))

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """The sentence that the size is unknown."""
        del facts, vm
        return "Its size or its maximum is not known."
