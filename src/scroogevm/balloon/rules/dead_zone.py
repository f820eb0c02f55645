"""The rule against small changes."""

from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import ZoneRule
from scroogevm.balloon.words import mib
from scroogevm.core.arrays import Floats
from scroogevm.registry import parameter


@dataclass(frozen=True)
class DeadZone(ZoneRule):
    """Small changes are not made; what is asked is taken from fewer VMs instead."""

    formula = "|change| >= max(share * maximum, least)"
    source = "oVirt MoM leaves out less than 0.25 %, Proxmox less than 10 MiB"
    place = 100

    share: float = parameter(0.0025, "of the maximum", low=0, high=0.1)
    least: float = parameter(4.0, "MiB", low=0)

    def smallest(self, facts: NodeFacts) -> Floats:
        """The smallest change that is made."""
        return np.maximum(self.share * facts.guests.maximum, self.least)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """The smallest change that is made."""
        least = mib(self.smallest(facts)[vm])
        return f"It is not changed by less than {least}."
