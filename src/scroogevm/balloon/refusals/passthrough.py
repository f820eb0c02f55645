"""The refusal of VMs with a passed-through device."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools


@dataclass(frozen=True)
class Passthrough(Refusal):
    """A VM with a device of the host has its memory pinned: what a balloon gives is not free."""

    formula = "a device is passed through (VFIO)"
    place = 80

    def where(self, facts: NodeFacts) -> Bools:
        """VMs with a passed-through device."""
        return facts.guests.passthrough

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """That it has one."""
        del facts, vm
        return "A device of the host is passed through to it (VFIO), so its memory is pinned."
