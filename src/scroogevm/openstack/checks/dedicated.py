"""The check for dedicated cpus."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding


@dataclass(frozen=True)
class Dedicated(Check):
    """PCPU is never oversold.

    Where a node has both, what is free of its cpus is not what is free of its shared ones.
    """

    formula = "blocks VCPU where the node or a part of it has PCPU"

    def look(self, case: Case) -> Iterator[Finding]:
        """Whether the node has PCPU."""
        holders = [one for one in case.tree if "PCPU" in one.inventories]
        if holders:
            units = sum(one.inventories["PCPU"].total for one in holders)
            yield self.finding(
                "blocks",
                f"{units} cpus are dedicated (PCPU), and the offer counts all cpus together",
                "exclude nodes with cpu_dedicated_set from overselling",
                "VCPU",
            )
