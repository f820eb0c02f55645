"""The rule of a pause after a release."""

from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import BrakeRule, eased
from scroogevm.core.arrays import Floats
from scroogevm.offers.guard import seconds
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Cooldown(BrakeRule):
    """A VM that had to be released is not shrunk for a while: it was taken too much.

    It rests for less, the less the host has left. What it came to use is kept in any case.
    """

    formula = "size >= actual where calm < ease * rest"
    place = 80

    rest: float = parameter(600.0, "seconds after a release", low=0)
    ease: float = parameter(0.1, "free share of the host below which it is less", low=0, high=1)

    def at_least(self, facts: NodeFacts) -> Floats:
        """Its size, while it rests."""
        guests = facts.guests
        return np.where(guests.calm >= self._rest(facts), 0.0, guests.actual)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """Since when it rests."""
        calm, rest = facts.guests.calm[vm], self._rest(facts)
        released = f"Its memory had to be given back {seconds(calm)} ago"
        return f"{released}, so it is left alone for {seconds(rest)}."

    def _rest(self, facts: NodeFacts) -> float:
        return self.rest * eased(facts.host, self.ease)
