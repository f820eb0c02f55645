"""The check for providers that share resources."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding
from scroogevm.openstack.records import RESOURCE_OF


@dataclass(frozen=True)
class SharingProviders(Check):
    """Units that come from a shared provider are not those of the node."""

    formula = (
        "blocks a class that a provider with MISC_SHARES_VIA_AGGREGATE has in an "
        "aggregate of the node"
    )

    def look(self, case: Case) -> Iterator[Finding]:
        """Shared providers in an aggregate of the node, with a class that we write."""
        for aggregate in sorted(case.provider.aggregates):
            for other in case.sharing.get(aggregate, ()):
                if other.uuid == case.provider.uuid:
                    continue
                for kind in sorted(set(other.inventories) & set(RESOURCE_OF)):
                    yield self.finding(
                        "blocks",
                        f"{other.name} shares {kind} with this node (aggregate {aggregate})",
                        f"leave {kind} out on this node",
                        kind,
                    )
