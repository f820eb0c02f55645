"""The check for allocations of consumers that the telemetry does not know."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding
from scroogevm.openstack.records import RESOURCE_OF


@dataclass(frozen=True)
class Consumers(Check):
    """Placement and telemetry have to agree on who is there.

    A migration holds units twice for a while; a consumer that no exporter sees holds them for ever
    and is measured by nobody. The plan takes them from what is free.
    """

    formula = "warns where consumers > VMs, or used >= allocated + 1"

    def look(self, case: Case) -> Iterator[Finding]:
        """How many consumers there are, and what they hold beyond the telemetry."""
        known, there = case.offer.inputs.vms, len(case.provider.allocations)
        if known is not None and there != known:
            sentence = f"Placement has {there} consumers here, the telemetry has {known} VMs"
            remedy = "`openstack resource provider show --allocations` shows them"
            yield self.finding("warns" if there > known else "tells", sentence, remedy)
        for kind, _ in case.inventories():
            offer = case.offer.resources.get(RESOURCE_OF[kind])
            told = offer.allocated if offer is not None else None
            held = case.provider.used[kind]
            if told is not None and held >= told + 1:
                yield self.finding(
                    "warns",
                    f"consumers hold {held} {kind}, the telemetry saw {told:.0f} allocated; the "
                    f"rest is taken from the free units",
                    kind=kind,
                )
