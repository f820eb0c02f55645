"""The guard that limits growth."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit, amount, percent
from scroogevm.offers.offer import Offer
from scroogevm.registry import parameter


@dataclass(frozen=True)
class GrowthGuard(Guard):
    """Free falls at once and grows slowly.

    It grows from zero on a node without an offer before.
    """

    formula = "free <= before + most * capacity"
    place: ClassVar[int] = 100

    most: float = parameter(0.1, "growth in a window, share of capacity", low=0, high=1)

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """The upper bound of free, one step above the last offer."""
        at_most = np.nan_to_num(facts.before, nan=0.0) + self.most * offer.capacity
        return [Limit("step", "ok", offer.free > at_most, at_most=at_most, always=False)]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The largest step, and the last offer."""
        del case
        before = amount(float(np.nan_to_num(facts.before[node], nan=0.0)), facts.unit)
        most = percent(self.most)
        return f"Free grows by at most {most} of capacity in a window; it was {before}."
