"""An offer of a node, with the guards that changed it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from scroogevm.core.arrays import Floats, Ints

State = Literal["ok", "held", "fallback", "withdrawn"]
STATES: Sequence[State] = ("ok", "held", "fallback", "withdrawn")
"""From the best to the worst. ``held``: no more than before. ``fallback``: VMs count at their
allocation. ``withdrawn``: nothing is free."""


@dataclass(frozen=True, eq=False)
class Change:
    """The changes of a guard on the nodes where it applied.

    Attributes:
        guard: its name.
        case: names its sentence that applies.
        state: of the offer after it.
        node: (said,), the nodes, ascending.
        free_from: (said,), free before.
        free_to: (said,), free after; never more.
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
        capacity: of each node, cores or MiB.
        allocated: the allocation of its VMs.
        demand: expected usage.
        free: what may be allocated to further VMs.
        changes: of the guards, in their order.
    """

    capacity: Floats
    allocated: Floats
    demand: Floats
    free: Floats
    changes: Sequence[Change] = ()

    @classmethod
    def of(cls, capacity: Floats, allocated: Floats, demand: Floats) -> "Offer":
        """Capacity less demand; zero if one of them is missing.

        >>> three = np.array([8.0, 8.0, np.nan]), np.array([4.0, 4.0, 4.0])
        >>> Offer.of(*three, np.array([3.0, np.nan, 1.0])).free.tolist()
        [5.0, 0.0, 0.0]
        """
        demand = np.maximum(demand, 0.0)
        known = np.isfinite(allocated)
        return cls(capacity, allocated, demand, np.where(known, _left(capacity, demand), 0.0))

    @property
    def ratio(self) -> Floats:
        """Oversubscription ratio, (nodes,); NaN without capacity."""
        capacity = np.where(self.capacity > 0, self.capacity, np.nan)
        return (self.allocated + self.free) / capacity

    @property
    def state(self) -> Ints:
        """Position in ``STATES`` of the worst state that a guard gave each node, (nodes,)."""
        worst = np.zeros(self.free.size, np.int64)
        for change in self.changes:
            place = STATES.index(change.state)
            worst[change.node] = np.maximum(worst[change.node], place)
        return worst

    def limited(self, at_least: Floats, at_most: Floats) -> "Offer":
        """The offer with a lower bound of demand, or an upper bound of free; it never rises.

        Args:
            at_least: (nodes,), of demand; -inf for no limit, NaN for an unknown one.
            at_most: (nodes,), of free; inf for no limit, NaN for an unknown one.
        """
        demand = np.maximum(self.demand, at_least)
        free = np.minimum(self.free, np.nan_to_num(at_most, nan=0.0, posinf=np.inf))
        raised = at_least > -np.inf
        raised |= np.isnan(at_least)
        left = np.where(raised, _left(self.capacity, demand), np.inf)
        return replace(self, demand=demand, free=np.maximum(0.0, np.minimum(free, left)))


def _left(capacity: Floats, demand: Floats) -> Floats:
    return np.nan_to_num(np.maximum(0.0, capacity - demand), nan=0.0)
