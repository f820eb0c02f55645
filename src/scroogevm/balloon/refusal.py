"""The interface of a refusal: a reason not to shrink a VM, or not to change it at all."""

from abc import ABC, abstractmethod
from typing import ClassVar

from scroogevm.balloon.facts import NodeFacts
from scroogevm.core.arrays import Bools
from scroogevm.registry import Family, Plugin


class Refusal(Plugin, ABC):
    """Says which VMs must be left alone. One file in ``balloon/refusals/``, pure, without state.

    Attributes:
        place: refusals are reported in this order.
        hands_off: whether the VM is not even given back what was taken from it. Otherwise a VM
            that this program shrank gets everything back as long as the refusal holds.
    """

    place: ClassVar[int]
    hands_off: ClassVar[bool] = False

    @abstractmethod
    def where(self, facts: NodeFacts) -> Bools:
        """Which VMs it refuses, (vms,). A fact that is missing refuses as the worst one does."""

    @abstractmethod
    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """Why it refuses a VM, in plain words."""


REFUSALS = Family("scroogevm.balloon.refusals", "refusal", ("pressure", "proactive", "predecessor"))
