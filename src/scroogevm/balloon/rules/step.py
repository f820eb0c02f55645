"""The rule that limits how much a VM gives in a cycle."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.rule import BrakeRule
from scroogevm.core.arrays import Floats
from scroogevm.offers.guard import percent
from scroogevm.registry import parameter


@dataclass(frozen=True)
class SmallStep(BrakeRule):
    """A VM gives a small part of its size in a cycle, so that its guest can be seen to cope."""

    formula = "size >= actual * (1 - most)"
    source = "oVirt MoM shrinks by at most 5 % in a cycle"
    resource_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {"predecessor": {"most": 1.0}}
    place = 70

    most: float = parameter(0.05, "most that is given in a cycle, share of the size", low=0, high=1)

    def at_least(self, facts: NodeFacts) -> Floats:
        """A step below the size."""
        return facts.guests.actual * (1 - self.most)

    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """The step."""
        del facts, vm
        return f"It gives at most {percent(self.most)} of its size in a cycle."
