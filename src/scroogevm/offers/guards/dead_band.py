"""The guard against small changes."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit, percent
from scroogevm.offers.offer import Offer
from scroogevm.registry import parameter


@dataclass(frozen=True)
class DeadBand(Guard):
    """A small increase is not published, so that offers change seldom."""

    formula = "free = before where before < free < before + least * capacity"
    source = "koordinator writes only changes of more than 10 %"
    place: ClassVar[int] = 110

    least: float = parameter(0.02, "smallest published increase, share of capacity", low=0, high=1)

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """Free as before, if it would grow by less than the limit."""
        before = np.nan_to_num(facts.before, nan=0.0)
        small = (offer.free > before) & (offer.free < before + self.least * offer.capacity)
        return [Limit("small", "ok", small, at_most=before, always=False)]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The smallest increase that is published."""
        del case, facts, node
        return f"An increase of less than {percent(self.least)} of capacity is not published."
