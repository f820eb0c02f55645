"""The guard for nodes without samples."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit, seconds
from scroogevm.offers.offer import Offer
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Lost(Guard):
    """Nothing is free on a node that has sent no sample for a long time."""

    formula = "free = 0 where age > after"
    place: ClassVar[int] = 20

    after: float = parameter(300.0, "age of the newest sample above which a node is lost, s", low=0)

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """Free of zero; a node without any sample is lost."""
        del offer
        lost = ~(facts.age <= self.after)
        return [Limit("lost", "withdrawn", lost, at_most=np.zeros(facts.nodes))]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The age of its newest sample."""
        del case
        age = facts.age[node]
        if np.isnan(age):
            return "This node has never given a sample: nothing is offered."
        limit = seconds(self.after)
        return f"The newest sample is {seconds(age)} old (limit {limit}): nothing is offered."
