"""The rule of what a guest needed lately."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import FloorRule, reserve
from scroogevm.balloon.words import mib
from scroogevm.core.arrays import Floats
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Need(FloorRule):
    """A VM keeps its working set of the look-back, and headroom beside it.

    The working set is a percentile of what the guest used: available - usable. Page cache that the
    guest could drop is no part of it. What a guest cannot see of its own memory is added.
    """

    formula = "size >= need * (1 + headroom) + actual - available"
    resource_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "predecessor": {"percentile": 90.0, "headroom": 0.0}
    }
    place = 50

    percentile: float = parameter(98.0, "of what the guest used", low=0, high=100)
    look_back: float = parameter(3600.0, "seconds that are looked back", low=60)
    headroom: float = parameter(0.1, "share of the working set that is added", low=0)

    def at_least(self, facts: NodeFacts) -> Floats:
        """What was needed, with headroom."""
        return facts.guests.need * (1 + self.headroom) + reserve(facts)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """The working set, and what is kept."""
        need, least = facts.guests.need[vm], self.at_least(facts)[vm]
        return (
            f"In {100 - self.percentile:g} % of the look-back it used more than "
            f"{mib(need)}: it keeps {mib(least)}."
        )
