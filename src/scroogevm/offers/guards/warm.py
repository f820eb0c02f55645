"""The guard for nodes with too few windows."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit
from scroogevm.offers.offer import Offer
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Warm(Guard):
    """VMs count at their allocation until a node has enough windows."""

    formula = "demand >= allocated where windows < K, or the strategy is cold"
    place: ClassVar[int] = 50

    windows: int = parameter(0, "windows that are needed; 0 for all that the strategy joins", low=0)

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """The allocation of VMs as lower bound of demand."""
        few = facts.windows < self._needed(facts)
        return [
            Limit("windows", "fallback", few, at_least=offer.allocated),
            Limit("cold", "fallback", facts.cold & ~few, at_least=offer.allocated),
        ]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The number of windows."""
        if case == "cold":
            return "The strategy has too little data of it yet: VMs count at their allocation."
        seen, needed = facts.windows[node], self._needed(facts)
        return f"{seen} of {needed} windows were seen: VMs count at their allocation."

    def _needed(self, facts: Facts) -> int:
        return self.windows or facts.kept
