"""The refusal of VMs that do not refresh their statistics."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools


@dataclass(frozen=True)
class NoPeriod(Refusal):
    """A VM without a statistics period says what was true once."""

    formula = "period = 0"
    place = 100

    def where(self, facts: NodeFacts) -> Bools:
        """VMs without a period."""
        return ~(facts.guests.period > 0)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """The sentence that there is no period."""
        del facts, vm
        return "Its statistics are never refreshed, because no statistics period is set."
