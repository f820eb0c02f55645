"""The guard for windows with few samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit, percent
from scroogevm.offers.offer import Offer
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Covered(Guard):
    """One window with few samples: the offer is held. Two of them: VMs count at the allocation."""

    formula = "free <= before, then demand >= allocated, where coverage < least"
    place: ClassVar[int] = 40

    least: float = parameter(0.5, "share of a window's samples that is enough", low=0, high=1)

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """Hold if the window before had enough samples, or else fall back to the allocation."""
        thin = ~(facts.coverage >= self.least)
        again = thin & ~(facts.coverage_before >= self.least)
        return [
            Limit("once", "held", thin & ~again, at_most=facts.standing),
            Limit("again", "fallback", again, offer.allocated, facts.standing),
        ]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The share of samples."""
        there = f"{percent(facts.coverage[node])} of the window's samples are there"
        need = f"(needed {percent(self.least)})"
        if case == "once":
            return f"Only {there} {need}: no more is offered than before."
        return (
            f"Only {there} {need}, and the window before did not have enough either: "
            "VMs count at their allocation."
        )
