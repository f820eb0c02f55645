"""The rule of the minimum size of a VM."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import FloorRule
from scroogevm.balloon.words import mib
from scroogevm.core.arrays import Floats
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Minimum(FloorRule):
    """No VM is smaller than its own minimum, a part of its maximum, and so many MiB."""

    formula = "size >= max(minimum, share * maximum, least)"
    resource_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {
        "predecessor": {"share": 0.0, "least": 512.0}
    }
    place = 40

    share: float = parameter(0.25, "of the maximum", low=0, high=1)
    least: float = parameter(128.0, "MiB of any VM", low=0)

    def at_least(self, facts: NodeFacts) -> Floats:
        """The largest of the three."""
        guests = facts.guests
        return np.maximum(np.maximum(guests.minimum, self.share * guests.maximum), self.least)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """The least size."""
        least = self.at_least(facts)[vm]
        return f"It is never smaller than {mib(least)}."
