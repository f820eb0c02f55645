"""The rule of the present use of a guest."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import FloorRule, reserve
from scroogevm.balloon.words import mib
from scroogevm.core.arrays import Floats
from scroogevm.registry import parameter


@dataclass(frozen=True)
class InUse(FloorRule):
    """A VM keeps what it uses now, and a little that it may start to use before the next look."""

    formula = "size >= used + max(share * used, least) + actual - available"
    resource_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "predecessor": {"share": 0.0, "least": 0.0}
    }
    place = 50

    share: float = parameter(0.1, "of what is used", low=0)
    least: float = parameter(64.0, "MiB in any case", low=0)

    def at_least(self, facts: NodeFacts) -> Floats:
        """What is used, and a little."""
        used = np.maximum(0.0, facts.guests.used)
        return used + np.maximum(self.share * used, self.least) + reserve(facts)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """What is used, and what is kept."""
        used, least = facts.guests.used[vm], self.at_least(facts)[vm]
        return f"It uses {mib(used)} now: it keeps {mib(least)}."
