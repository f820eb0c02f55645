"""The guard against old data."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit, seconds
from scroogevm.offers.offer import Offer
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Fresh(Guard):
    """VMs count at their allocation while the newest data are old."""

    formula = "demand >= allocated / ratio where age > max(intervals * interval, least)"
    place: ClassVar[int] = 30

    intervals: float = parameter(3.0, "largest age of data, in intervals between samples", low=1)
    least: float = parameter(60.0, "age of data that is always allowed, s", low=0)
    ratio: float = parameter(1.0, "allocated units for each real unit, while data is old", low=1)

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """The fallback to the allocation, by the ages of the newest sample and list of VMs."""
        limit = self._limit(facts)
        fallback = offer.allocated / self.ratio
        return [
            Limit("samples", "fallback", ~(facts.age <= limit), at_least=fallback),
            Limit("list", "fallback", ~(facts.list_age <= limit), at_least=fallback),
        ]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The data that are old, and their age."""
        what, age = "sample", facts.age[node]
        if case == "list":
            what, age = "list of VMs", facts.list_age[node]
        limit = seconds(self._limit(facts))
        old = f"is {seconds(age)} old (limit {limit})" if np.isfinite(age) else "was never seen"
        return f"The newest {what} {old}: the allocation of VMs counts as demand."

    def _limit(self, facts: Facts) -> float:
        return max(self.intervals * facts.interval, self.least)
