"""The refusal of VMs that somebody else resized."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.balloon.words import mib
from scroogevm.core.arrays import Bools


@dataclass(frozen=True)
class Resized(Refusal):
    """A VM that somebody else resized belongs to them: it is not touched."""

    formula = "resized by another after this program did"
    place = 50
    hands_off = True

    def where(self, facts: NodeFacts) -> Bools:
        """VMs of others."""
        return facts.guests.taken

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """What was asked, and what is."""
        guests = facts.guests
        asked, actual = mib(guests.asked[vm]), mib(guests.actual[vm])
        return f"Somebody else resized it: this program requested {asked}, it has {actual}."
