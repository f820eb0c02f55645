"""The refusal of VMs with missing values."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools, Floats


@dataclass(frozen=True)
class Untold(Refusal):
    """A VM is not shrunk when its guest does not tell what it could give, or something else misses.

    Windows tells it once its balloon service is installed.
    """

    formula = "available, usable, swap_in, faults, rss, minimum or weight is missing"
    place = 120

    def where(self, facts: NodeFacts) -> Bools:
        """VMs of which one of them is missing."""
        return np.asarray(~np.isfinite(np.array([*_told(facts).values()]).sum(axis=0)))

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """What is missing."""
        lacks = [name for name, each in _told(facts).items() if not np.isfinite(each[vm])]
        return f"No value is known for {' and '.join(lacks)}."


def _told(facts: NodeFacts) -> Mapping[str, Floats]:
    guests = facts.guests
    return {
        "memory that its guest sees (available)": guests.available,
        "memory that its guest can free (usable)": guests.usable,
        "swap reads of its guest": guests.swap_in,
        "page faults of its guest": guests.faults,
        "memory that the host holds for it (rss)": guests.rss,
        "its minimum": guests.minimum,
        "its weight": guests.weight,
    }
