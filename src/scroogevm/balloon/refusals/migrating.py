"""The refusal of VMs that are being migrated."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools


@dataclass(frozen=True)
class Migrating(Refusal):
    """A VM that is being migrated, saved, restored or dumped is not touched."""

    formula = "migrating, or another job of libvirt runs"
    place = 40
    hands_off = True

    def where(self, facts: NodeFacts) -> Bools:
        """VMs on their way."""
        return facts.guests.migrating

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """That it is on its way."""
        del facts, vm
        return "It is being migrated, saved, restored or dumped."
