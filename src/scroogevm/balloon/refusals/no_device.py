"""The refusal of VMs without a balloon device."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools


@dataclass(frozen=True)
class NoDevice(Refusal):
    """A VM without a balloon device cannot be shrunk."""

    formula = "no memballoon device, or model none"
    place = 20
    hands_off = True

    def where(self, facts: NodeFacts) -> Bools:
        """VMs without one."""
        return ~facts.guests.device

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """That it has none."""
        del facts, vm
        return "It has no balloon device in its definition."
