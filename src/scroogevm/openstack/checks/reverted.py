"""The check whether somebody else writes the ratio."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding

UNSET = (
    "leave cpu_allocation_ratio and ram_allocation_ratio unset in nova.conf of this node, set "
    "initial_cpu_allocation_ratio and initial_ram_allocation_ratio instead, restart nova-compute"
)

_AGAIN = (
    "nova-compute can restore an old ratio once, if both write at the same time; `apply` and the "
    "service write it again, and stop the node if that happens twice in an hour"
)


@dataclass(frozen=True)
class Reverted(Check):
    """The ratio has to stay as it was written.

    nova-compute writes the ratio of nova.conf at each of its periods, 60 s by default, where one is
    set. It puts back the ratio before where it reads before a write and writes after it.
    """

    formula = "blocks where the ratio is not the one that was written"
    source = "nova, virt/driver.py"

    def look(self, case: Case) -> Iterator[Finding]:
        """Whether it is another one than was written, or than it was at an earlier look.

        Who writes one class of a node writes the others, too: the whole node stops.
        """
        for why in dict.fromkeys(case.stopped.values()):
            remedy = f"{UNSET}; then `scroogevm placement adopt --node {case.node}`"
            yield self.finding("blocks", why, remedy)
        for kind, inventory in case.inventories():
            wrote, now, before = case.written.get(kind), inventory.ratio, case.then
            earlier = before.inventories.get(kind) if before is not None else None
            if kind in case.stopped:
                continue
            replaced = case.replaced.get(kind)
            if wrote is not None and now != wrote and replaced and replaced.ratio == now:
                sentence = (
                    f"{kind}: {wrote:g} was written, and the ratio is {now:g} again as before"
                )
                yield self.finding("warns", sentence, _AGAIN)
            elif wrote is not None and now != wrote:
                sentence = f"{kind}: the ratio is {now:g}, and {wrote:g} was written"
                yield self.finding("blocks", sentence, UNSET)
            elif earlier is not None and earlier.ratio != now:
                change = f"from {earlier.ratio:g} to {now:g}"
                sentence = f"{kind}: the ratio went {change} in the meantime"
                yield self.finding("blocks", sentence, UNSET)
            elif wrote is None:
                sentence = "no ratio was written yet, so it is not known whether a ratio stays"
                yield self.finding("tells", sentence, UNSET, kind)
