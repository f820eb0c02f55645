"""The check for nodes that are used above their capacity."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding


@dataclass(frozen=True)
class Over(Check):
    """Used above capacity: Placement refuses VMs, resizes, evacuations and migrations onto it."""

    formula = "warns where used > int((total - reserved) * ratio)"

    def look(self, case: Case) -> Iterator[Finding]:
        """What is used against what the ratio allows."""
        for kind, inventory in case.inventories():
            used = case.provider.used[kind]
            if used > inventory.capacity:
                yield self.finding(
                    "warns",
                    f"{used} {kind} are used and capacity is {inventory.capacity}: Placement "
                    "refuses new VMs, resizes, and on older releases migrations away from it",
                    kind=kind,
                )
