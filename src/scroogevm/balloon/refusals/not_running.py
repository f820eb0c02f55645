"""The refusal of VMs that do not run."""

from dataclasses import dataclass

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.refusal import Refusal
from scroogevm.core.arrays import Bools


@dataclass(frozen=True)
class NotRunning(Refusal):
    """A VM that is paused, shut off in this moment or crashed is not touched.

    A paused guest takes a request and follows it when it goes on, whatever it needs by then.
    """

    formula = "not running"
    place = 30
    hands_off = True

    def where(self, facts: NodeFacts) -> Bools:
        """VMs that do not run."""
        return ~facts.guests.running

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """That it does not run."""
        del facts, vm
        return "It does not run, so it would follow a request only later."
