"""The guard for holds of operators."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit, amount
from scroogevm.offers.offer import Offer


@dataclass(frozen=True)
class Hold(Guard):
    """An offer is at most the amount that an operator froze."""

    formula = "free <= frozen"
    place: ClassVar[int] = 10

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """The upper bound of free by the hold."""
        del offer
        frozen = ~np.isnan(facts.frozen)
        return [Limit("frozen", "held", frozen, at_most=facts.frozen)]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The amount that was frozen."""
        del case
        left = amount(facts.frozen[node], facts.unit)
        return f"An operator holds this node: at most {left} may be offered."
