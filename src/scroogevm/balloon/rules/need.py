"""The rule of the recent need of a guest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import FloorRule, eased, reserve
from scroogevm.balloon.words import mib
from scroogevm.core.arrays import Floats
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Need(FloorRule):
    """A VM keeps its working set of the look-back, and headroom beside it.

    The working set is a percentile of what the guest used: available - usable. Page cache that the
    guest could drop is no part of it. Beyond what the guest uses now it keeps less, the less the
    host has left, and nothing where the host has nothing left.
    """

    formula = "size >= used + ease * ((1 + headroom) * max(need, used) - used) + actual - available"
    source = "oVirt MoM lets guests keep less the lower the host is"
    resource_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "predecessor": {"percentile": 90.0, "headroom": 0.0, "ease": 0.0}
    }
    place = 60
    raises = False

    percentile: float = parameter(98.0, "of what the guest used", low=0, high=100)
    look_back: float = parameter(3600.0, "look-back, s", low=60)
    headroom: float = parameter(0.2, "share of the working set that is added", low=0)
    ease: float = parameter(0.1, "free share of the host below which it is less", low=0, high=1)

    def at_least(self, facts: NodeFacts) -> Floats:
        """What was needed and headroom, as far as the host can afford it."""
        used, need = np.maximum(0.0, facts.guests.used), facts.guests.need
        room = (1 + self.headroom) * np.maximum(need, used) - used
        return used + eased(facts.host, self.ease) * room + reserve(facts)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """The working set, and what is kept."""
        need, least = facts.guests.need[vm], self.at_least(facts)[vm]
        return (
            f"In {100 - self.percentile:g} % of the look-back it used more than {mib(need)}: it "
            f"keeps {mib(least)}."
        )
