"""The rule that limits how fast memory is given back."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import PaceRule
from scroogevm.core.arrays import Floats
from scroogevm.offers.guard import percent
from scroogevm.registry import parameter


@dataclass(frozen=True)
class SlowReturn(PaceRule):
    """A VM gets back a part of its maximum in a cycle while the host has room."""

    formula = "size <= actual + most * maximum"
    place = 90

    most: float = parameter(0.02, "most given back in a cycle, share of the maximum", low=0, high=1)

    def at_most(self, facts: NodeFacts) -> Floats:
        """A step above the size."""
        guests = facts.guests
        return guests.actual + self.most * guests.maximum

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """The step."""
        del facts, vm
        return f"It gets back at most {percent(self.most)} of its maximum in a cycle."
