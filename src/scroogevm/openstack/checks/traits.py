"""The check of special traits of a node."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding


@dataclass(frozen=True)
class Traits(Check):
    """A disabled node gets no VMs, whatever its ratio; custom traits may say who it is for."""

    formula = "tells COMPUTE_STATUS_DISABLED and CUSTOM_*"

    def look(self, case: Case) -> Iterator[Finding]:
        """What traits say."""
        if "COMPUTE_STATUS_DISABLED" in case.provider.traits:
            yield self.finding(
                "tells", "the compute service is disabled, so no new VM is placed here"
            )
        custom = sorted(name for name in case.provider.traits if name.startswith("CUSTOM_"))
        if custom:
            sentence = f"for flavours that require it only: {', '.join(custom)}"
            yield self.finding("tells", sentence)
