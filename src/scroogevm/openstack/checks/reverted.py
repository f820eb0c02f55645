"""The check whether somebody else writes the ratio."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding

UNSET = (
    "leave cpu_allocation_ratio and ram_allocation_ratio unset in nova.conf of this node, set "
    "initial_cpu_allocation_ratio and initial_ram_allocation_ratio instead, restart nova-compute"
)


@dataclass(frozen=True)
class Reverted(Check):
    """The ratio has to stay as it was written.

    nova-compute writes the ratio of nova.conf at each of its periods, 60 s by default, where one is
    set.
    """

    source = "nova, virt/driver.py"

    def look(self, case: Case) -> Iterator[Finding]:
        """Whether it is another one than was written, or than it was at an earlier look."""
        for kind, inventory in case.inventories():
            wrote, before = case.written.get(kind), case.then
            earlier = before.inventories.get(kind) if before is not None else None
            if kind in case.stopped:
                remedy = f"{UNSET}; then `scroogevm placement adopt --node {case.node}`"
                yield self.finding("blocks", case.stopped[kind], remedy, kind)
            elif wrote is not None and inventory.ratio != wrote:
                sentence = f"the ratio is {inventory.ratio:g}, and {wrote:g} was written"
                yield self.finding("blocks", sentence, UNSET, kind)
            elif earlier is not None and earlier.ratio != inventory.ratio:
                sentence = (
                    f"the ratio went from {earlier.ratio:g} to {inventory.ratio:g} while we looked"
                )
                yield self.finding("blocks", sentence, UNSET, kind)
            elif wrote is None:
                sentence = "no ratio was written yet, so nothing shows that one stays"
                yield self.finding("tells", sentence, UNSET, kind)
