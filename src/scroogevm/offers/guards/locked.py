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

    Hugepages, locked and file-backed memory, SEV, dedicated cpus. What these VMs use of it is part
    of the estimate already, and nobody knows how much: all of it is added, up to what all VMs were
    promised.
    """

    formula = "demand >= min(estimated + locked, allocated)"
    place: ClassVar[int] = 70

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """Demand with the locked part; all of it where nobody knows the part."""
        some = ~(facts.locked <= 0)
        locked = np.where(np.isnan(facts.locked), np.inf, facts.locked)
        demand = np.minimum(np.maximum(facts.estimated, 0.0) + locked, offer.allocated)
        return [Limit("locked", "ok", some, at_least=demand, always=False)]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """How much is locked."""
        del case
        locked = facts.locked[node]
        if np.isnan(locked):
            return "It is not known how much of this node is locked: VMs count at their allocation."
        text = amount(locked, facts.unit)
        return f"VMs with {text} of locked memory or pinned cpus count at their allocation."
