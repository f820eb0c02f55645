"""The rule of rest after a release."""

from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import BrakeRule
from scroogevm.core.arrays import Floats
from scroogevm.offers.guard import seconds
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Cooldown(BrakeRule):
    """A VM that had to be released is not shrunk for a while: it was taken too much."""

    formula = "size >= actual where calm < rest"
    place = 80

    rest: float = parameter(600.0, "seconds after a release", low=0)

    def at_least(self, facts: NodeFacts) -> Floats:
        """Its size, while it rests."""
        guests = facts.guests
        return np.where(guests.calm >= self.rest, 0.0, guests.actual)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """Since when it rests."""
        calm = facts.guests.calm[vm]
        return f"It had to be released {seconds(calm)} ago: it rests for {seconds(self.rest)}."
