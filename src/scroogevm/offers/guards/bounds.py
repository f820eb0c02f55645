"""The guard that limits the oversubscription ratio."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit
from scroogevm.offers.offer import Offer
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Bounds(Guard):
    """The allocation of a node is limited to a multiple of its capacity.

    There is no lower bound, because it would raise an offer. Sinks that write ratios have their
    own.
    """

    formula = "free <= most * capacity - allocated"
    resource_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {"mem": {"most": 1.5}}
    place: ClassVar[int] = 90

    most: float = parameter(4.0, "allocated units for each real unit", low=0)

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """The upper bound of free by the ratio."""
        del facts
        at_most = self.most * offer.capacity - offer.allocated
        return [Limit("most", "ok", offer.free > at_most, at_most=at_most, always=False)]

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """The bound."""
        del case, facts, node
        return f"At most {self.most:g} units are allocated for each real unit of the node."
