"""The refusal of old statistics."""

from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools, Floats
from scroogevm.offers.guard import seconds
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Stale(Refusal):
    """A VM whose statistics are old may need anything by now."""

    formula = "age > max(limit, periods * period)"
    place = 110

    limit: float = parameter(30.0, "largest age of statistics, s", low=1)
    periods: float = parameter(3.0, "age in statistics periods that is always allowed", low=1)

    def where(self, facts: NodeFacts) -> Bools:
        """VMs with old statistics."""
        return np.asarray(~(facts.guests.age <= self._limit(facts)))

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """How old they are."""
        age, limit = facts.guests.age[vm], seconds(self._limit(facts)[vm])
        if not np.isfinite(age):
            return "Its guest has never reported statistics: no balloon driver runs in it."
        return f"Its statistics are {seconds(age)} old (limit {limit})."

    def _limit(self, facts: NodeFacts) -> Floats:
        return np.maximum(self.limit, self.periods * facts.guests.period)
