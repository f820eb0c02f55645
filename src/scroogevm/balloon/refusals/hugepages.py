"""The refusal of VMs with huge pages."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools


@dataclass(frozen=True)
class InHugepages(Refusal):
    """A VM in huge pages gives back small pages, and no huge one comes free."""

    formula = "memory in huge pages"
    place = 70

    def where(self, facts: NodeFacts) -> Bools:
        """VMs in huge pages."""
        return facts.guests.hugepages

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """That it is in huge pages."""
        del facts, vm
        return "Its memory is in huge pages, so the host would gain nothing."
