"""The check that the node is a resource provider."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from scroogevm.openstack.check import Case, Check, Finding
from scroogevm.openstack.records import RESOURCE_OF


@dataclass(frozen=True)
class ProviderFound(Check):
    """The node has to be one provider with VCPU and memory, and that of no other node."""

    formula = "blocks without one provider, or without VCPU and MEMORY_MB"

    matched: ClassVar[bool] = False

    def look(self, case: Case) -> Iterator[Finding]:
        """Whether there is one, and what it lacks."""
        if case.match.provider is None:
            yield self.finding(
                "blocks", case.match.problem, "name its provider under [placement.names]"
            )
            return
        for kind in RESOURCE_OF:
            inventory = case.provider.inventories.get(kind)
            if inventory is None:
                yield self.finding("blocks", f"the provider has no {kind}", kind=kind)
            elif inventory.net <= 0:
                sentence = f"all of {kind} is reserved, so no ratio changes what VMs get"
                yield self.finding("blocks", sentence, kind=kind)
        if case.match.how in ("other case", "short name"):
            name = case.provider.name
            yield self.finding("tells", f"found as {name} by its {case.match.how}")
