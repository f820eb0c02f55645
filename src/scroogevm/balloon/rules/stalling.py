"""The rule for guests whose tasks wait for memory."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import ReleaseRule
from scroogevm.core.arrays import Bools
from scroogevm.offers.guard import percent
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Stalling(ReleaseRule):
    """A guest whose tasks wait for memory gets everything back at once, where an agent tells it."""

    formula = "size = maximum where pressure > limit"
    place = 140

    limit: float = parameter(0.1, "share of time in which some task waited", low=0, high=1)

    def where(self, facts: NodeFacts) -> Bools:
        """Guests above the limit."""
        return facts.guests.pressure > self.limit

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """How long they wait."""
        value = percent(facts.guests.pressure[vm])
        return f"Its tasks wait for memory {value} of the time (limit {percent(self.limit)})."
