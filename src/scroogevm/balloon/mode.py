"""The interface of a mode: it decides the sizes of VMs, within the limits of rules."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from scroogevm.balloon.facts import Host, NodeFacts
from scroogevm.balloon.rule import Ask, OrderRule
from scroogevm.core.arrays import Floats
from scroogevm.registry import Family, Plugin


@dataclass(frozen=True, eq=False)
class Leeway:
    """What rules leave to a mode. Arrays are MiB over VMs.

    Attributes:
        start: where each balloon is or is going to.
        floor: what each VM needs, at most what it may be.
        raised: of that, what it gets at once if it has less.
        least: below which it is not shrunk in this cycle, never above start.
        most: above which it is not grown in this cycle, unless it needs to be; never below start.
        top: what it may be: its maximum, or its size where this program never changed it.
        smallest: a change of less is not made.
    """

    start: Floats
    floor: Floats
    raised: Floats
    least: Floats
    most: Floats
    top: Floats
    smallest: Floats


class Mode(Plugin, ABC):
    """A way to choose sizes. One file in ``balloon/modes/``, pure, without state."""

    def asks(self, host: Host) -> Ask:
        """The request of the host, by its remaining memory; zero if this is not measured."""
        del host
        return Ask(0.0, 0.0)

    def asking(self, host: Host) -> str:
        """Why it asks, or leaves room; empty for a mode that does not look at the host."""
        del host
        return ""

    @abstractmethod
    def sizes(self, facts: NodeFacts, bounds: Leeway, order: OrderRule, ask: Ask) -> Floats:
        """The size of each VM, MiB, (vms,), from least to the larger of raised and most.

        Args:
            facts: the node.
            bounds: what rules leave.
            order: who gives first.
            ask: what the host asks, all demands considered.
        """

    @abstractmethod
    def sentence(self, facts: NodeFacts, vm: int, change: float) -> str:
        """Why a VM is changed by so many MiB, or left as it is."""


MODES = Family("scroogevm.balloon.modes", "mode")
