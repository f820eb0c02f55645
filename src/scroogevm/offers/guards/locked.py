"""The guard for memory and cpus that cannot be oversold."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit, amount
from scroogevm.offers.offer import Offer


@dataclass(frozen=True)
class Locked(Guard):
    """VMs with locked memory or pinned cpus count at their allocation.

    This applies to hugepages, locked and file-backed memory, SEV and dedicated cpus. The estimate
    already contains the usage of these VMs, but this part is unknown. So their whole allocation is
    added, up to the allocation of all VMs.
    """

    formula = "demand >= min(estimated + locked, allocated)"
    place: ClassVar[int] = 70

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """Demand with the locked part; the whole allocation if the part is unknown."""
        some = ~(facts.locked <= 0)
        locked = np.where(np.isnan(facts.locked), np.inf, facts.locked)
        demand = np.minimum(np.maximum(facts.estimated, 0.0) + locked, offer.allocated)
        return [Limit("locked", "ok", some, at_least=demand, always=False)]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The locked amount."""
        del case
        locked = facts.locked[node]
        if np.isnan(locked):
            return "It is not known how much of this node is locked: VMs count at their allocation."
        text = amount(locked, facts.unit)
        return f"VMs with {text} of locked memory or pinned cpus count at their allocation."
