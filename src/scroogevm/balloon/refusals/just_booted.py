"""The refusal of VMs that have just started."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools
from scroogevm.offers.guard import seconds
from scroogevm.registry import parameter


@dataclass(frozen=True)
class JustBooted(Refusal):
    """A VM that has just started does not show yet what it needs."""

    formula = "up < settle"
    place = 90

    settle: float = parameter(300.0, "seconds that a VM must be up", low=0)

    def where(self, facts: NodeFacts) -> Bools:
        """VMs that started lately."""
        return ~(facts.guests.up >= self.settle)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """Since when it is up."""
        up, settle = seconds(facts.guests.up[vm]), seconds(self.settle)
        return f"It was started {up} ago (needed: {settle})."
