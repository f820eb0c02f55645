"""The refusal of VMs whose memory is locked."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools


@dataclass(frozen=True)
class LockedMemory(Refusal):
    """A VM whose memory is locked gives nothing to the host, however small it is."""

    formula = "locked memory"
    place = 60

    def where(self, facts: NodeFacts) -> Bools:
        """VMs with locked memory."""
        return facts.guests.locked

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """That it is locked."""
        del facts, vm
        return "Its memory is locked, so the host would gain nothing."
