"""The rule for guests that read from swap."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import ReleaseRule
from scroogevm.core.arrays import Bools
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Swapping(ReleaseRule):
    """A guest that reads memory back from its swap gets everything back at once."""

    formula = "size = maximum where swap_in > limit"
    place = 120

    limit: float = parameter(0.1, "read back from the swap of the guest, MiB/s", low=0)

    def where(self, facts: NodeFacts) -> Bools:
        """Guests above the limit."""
        return facts.guests.swap_in > self.limit

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """How much."""
        value = facts.guests.swap_in[vm]
        return f"It reads {value:.3g} MiB/s back from its swap (limit {self.limit:g} MiB/s)."
