"""The rule of the order in which VMs give memory."""

from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import OrderRule
from scroogevm.balloon.words import mib
from scroogevm.core.arrays import Floats
from scroogevm.registry import parameter


@dataclass(frozen=True)
class FairOrder(OrderRule):
    """The VM with the most spare for its weight gives first; the one with the least gets first.

    In the end, all VMs have the same spare for each unit of weight. Memory that a guest has never
    used is no gain for the host, so a VM for which the host holds only what it needs is not shrunk.
    """

    formula = "min(size, rss) - floor, by weight ^ power, comes to be the same for all"
    source = "proportional shares with a tax on idle memory, Waldspurger 2002"
    place = 110

    power: float = parameter(1.0, "of the weight; 0 treats all VMs alike", low=0, high=4)

    def spare(self, facts: NodeFacts, size: Floats, floor: Floats) -> Floats:
        """What is held beyond the need."""
        return np.minimum(size, facts.guests.rss) - floor

    def share(self, facts: NodeFacts) -> Floats:
        """The weight, to its power."""
        return np.asarray(facts.guests.weight**self.power)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """What it uses, and its weight."""
        guests = facts.guests
        return (
            f"The host holds {mib(guests.rss[vm])} for it and it uses "
            f"{mib(guests.used[vm])}; its weight is {guests.weight[vm]:g}."
        )
