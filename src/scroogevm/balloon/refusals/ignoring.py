"""The refusal of VMs whose balloon does not follow."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools
from scroogevm.registry import parameter
from scroogevm.text import counted


@dataclass(frozen=True)
class Ignoring(Refusal):
    """A VM whose balloon did not follow so many requests is left alone."""

    formula = "ignored >= tries"
    place = 140

    tries: int = parameter(3, "requests in a row that are not followed", low=1)

    def where(self, facts: NodeFacts) -> Bools:
        """VMs that do not follow."""
        return facts.guests.ignored >= self.tries

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """How often it did not."""
        ignored = counted(int(facts.guests.ignored[vm]), "request")
        return f"Its balloon did not follow {ignored} in a row (limit {self.tries})."
