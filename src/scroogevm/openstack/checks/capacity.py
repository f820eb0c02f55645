"""The check that Placement and telemetry have the same capacity."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding
from scroogevm.openstack.records import RESOURCE_OF
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Capacity(Check):
    """The total of a class is what the node has.

    It is less where nova-compute has only some cpus (``cpu_shared_set``), or another machine was
    found. What is free of the node is then not what is free of the class.
    """

    formula = "blocks where |total - capacity| > apart * capacity"

    apart: float = parameter(0.1, "share by which they may differ", low=0, high=1)

    def look(self, case: Case) -> Iterator[Finding]:
        """Totals against capacities of the offer."""
        for kind, inventory in case.inventories():
            offer = case.offer.resources.get(RESOURCE_OF[kind])
            has = offer.capacity if offer is not None else None
            if has is None:
                yield self.finding(
                    "blocks", "the offer does not contain the node's capacity", kind=kind
                )
            elif abs(inventory.total - has) > self.apart * has:
                yield self.finding(
                    "blocks",
                    f"Placement has {inventory.total} {kind}, the node has {has:.0f}",
                    "check the name table, and cpu_shared_set in nova.conf",
                    kind,
                )
