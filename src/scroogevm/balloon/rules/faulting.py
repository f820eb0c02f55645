"""The rule for guests with many major page faults."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import ReleaseRule
from scroogevm.core.arrays import Bools
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Faulting(ReleaseRule):
    """A guest that has to read pages from its disk gets everything back at once."""

    formula = "size = maximum where faults > limit"
    place = 130

    limit: float = parameter(200.0, "major page faults of the guest, 1/s", low=0)

    def where(self, facts: NodeFacts) -> Bools:
        """Guests above the limit."""
        return facts.guests.faults > self.limit

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """How much."""
        value = facts.guests.faults[vm]
        return f"It has {value:.3g} major page faults a second (limit {self.limit:g})."
