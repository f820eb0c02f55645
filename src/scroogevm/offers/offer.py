"""An offer of a node, with the guards that changed it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from scroogevm.core.arrays import Floats, Ints

State = Literal["ok", "held", "fallback", "withdrawn"]
STATES: Sequence[State] = ("ok", "held", "fallback", "withdrawn")
"""From the best to the worst. ``held``: no more than before. ``fallback``: what VMs were promised
counts as demand. ``withdrawn``: nothing is free."""


@dataclass(frozen=True, eq=False)
class Change:
    """What a guard said of those nodes where it had a say.

    Attributes:
        guard: its name.
        case: which of its sentences holds.
        state: what it makes of the offer.
        node: (said,), the nodes, ascending.
        free_from: (said,), what was free before.
        free_to: (said,), and after; never more.
    """

    guard: str
    case: str
    state: State
    node: Ints
    free_from: Floats
    free_to: Floats


@dataclass(frozen=True, eq=False)
class Offer:
    """One resource of some nodes; arrays are over nodes.

    Attributes:
        capacity: what each node has, cores or MiB.
        allocated: the allocation of its VMs.
        demand: what to be ready for.
        free: what may be promised to further VMs.
        changes: what guards said, in their order.
    """

    capacity: Floats
    allocated: Floats
    demand: Floats
    free: Floats
    changes: Sequence[Change] = ()

    @classmethod
    def of(cls, capacity: Floats, allocated: Floats, demand: Floats) -> "Offer":
        """What a demand leaves; nothing where one of them is missing.

        >>> three = np.array([8.0, 8.0, np.nan]), np.array([4.0, 4.0, 4.0])
        >>> Offer.of(*three, np.array([3.0, np.nan, 1.0])).free.tolist()
        [5.0, 0.0, 0.0]
        """
        demand = np.maximum(demand, 0.0)
        known = np.isfinite(allocated)
        return cls(capacity, allocated, demand, np.where(known, _left(capacity, demand), 0.0))

    @property
    def ratio(self) -> Floats:
        """Promised units for each one that there is, (nodes,); NaN without capacity."""
        capacity = np.where(self.capacity > 0, self.capacity, np.nan)
        return (self.allocated + self.free) / capacity

    @property
    def state(self) -> Ints:
        """Position in ``STATES`` of the worst that a guard made of each node, (nodes,)."""
        worst = np.zeros(self.free.size, np.int64)
        for change in self.changes:
            place = STATES.index(change.state)
            worst[change.node] = np.maximum(worst[change.node], place)
        return worst

    def limited(self, at_least: Floats, at_most: Floats) -> "Offer":
        """The offer with a demand of at least, and free of at most; it never offers more.

        Args:
            at_least: (nodes,), demand; -inf for no limit, NaN for one that nobody knows.
            at_most: (nodes,), free; inf for no limit, likewise.
        """
        demand = np.maximum(self.demand, at_least)
        free = np.minimum(self.free, np.nan_to_num(at_most, nan=0.0, posinf=np.inf))
        raised = at_least > -np.inf
        raised |= np.isnan(at_least)
        left = np.where(raised, _left(self.capacity, demand), np.inf)
        return replace(self, demand=demand, free=np.maximum(0.0, np.minimum(free, left)))


def _left(capacity: Floats, demand: Floats) -> Floats:
    return np.nan_to_num(np.maximum(0.0, capacity - demand), nan=0.0)
