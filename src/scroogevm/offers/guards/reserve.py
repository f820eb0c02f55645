"""The guard that keeps room for the failure of a node."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit, amount
from scroogevm.offers.offer import Offer
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Reserve(Guard):
    """The offers of a group leave room for the demand of its largest node (N+1).

    Each other node keeps a part of this demand, by its share of their capacity. The largest node
    keeps its part of the second largest demand. A node that is alone in its group offers nothing.
    """

    formula = "free <= capacity - demand - part of the largest other demand of the group"
    place: ClassVar[int] = 80

    on: bool = parameter(False, "whether room is kept at all")  # noqa: FBT003

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """The upper bound of free by the reserve."""
        if not self.on:
            return []
        at_most = np.zeros(facts.nodes)
        alone = np.zeros(facts.nodes, np.bool_)
        for group in np.unique(facts.group):
            rows = np.flatnonzero(facts.group == group)
            if rows.size == 1:
                alone[rows] = True
            else:
                at_most[rows] = _room(offer.capacity[rows], offer.demand[rows])
        return [
            Limit("alone", "ok", alone, at_most=at_most, always=False),
            Limit("room", "ok", ~alone, at_most=at_most, always=False),
        ]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The purpose of the reserve."""
        if case == "alone":
            return "No other node of its group could take its VMs: nothing is offered."
        others = np.count_nonzero(facts.group == facts.group[node]) - 1
        has = amount(facts.capacity[node], facts.unit)
        noun = "other" if others == 1 else "others"
        return (
            f"Of its {has}, this node keeps its part of the largest demand among {others} {noun} "
            "of its group, should that node fail."
        )


def _room(capacity: Floats, demand: Floats) -> Floats:
    """Capacity of each node of a group, less its demand and its part of the largest other one."""
    unknown = np.isnan(demand) | np.isnan(capacity)
    if unknown.any():
        return np.zeros(capacity.size)
    first, second = np.argsort(-demand, kind="stable")[:2]
    largest = np.full(capacity.size, demand[first])
    largest[first] = demand[second]
    hosts = np.full(capacity.size, capacity.sum() - capacity[first])
    hosts[first] = capacity.sum() - capacity[second]
    part = np.divide(capacity, hosts, out=np.ones(capacity.size), where=hosts > 0)
    return np.asarray(capacity - demand - part * largest)
