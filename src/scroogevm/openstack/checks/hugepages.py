"""The check for memory that cannot be oversold."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding
from scroogevm.registry import parameter

_SECRET = ("HW_CPU_X86_AMD_SEV", "HW_CPU_X86_AMD_SEV_ES", "HW_CPU_X86_INTEL_TDX")


@dataclass(frozen=True)
class Hugepages(Check):
    """Memory of hugepages and of encrypted guests is there, or it is not: its ratio stays 1.

    Placement does not tell of hugepages: a large reserve is their trace. The probe tells what is
    locked, which the offer says then.
    """

    formula = (
        "blocks MEMORY_MB with MEM_ENCRYPTION_CONTEXT or a trait of SEV or TDX; warns "
        "where reserved > share * total; tells what the guard locked says"
    )

    share: float = parameter(0.25, "reserved share of memory that hugepages explain", low=0, high=1)

    def look(self, case: Case) -> Iterator[Finding]:
        """What is reserved, what is locked, who is encrypted."""
        memory = case.provider.inventories.get("MEMORY_MB")
        if memory is None:
            return
        offer = case.offer.resources.get("mem")
        for reason in offer.reasons if offer else ():
            if reason.guard == "locked":
                yield self.finding("tells", reason.sentence, kind="MEMORY_MB")
        if memory.reserved > self.share * memory.total:
            yield self.finding(
                "warns",
                f"{memory.reserved} of {memory.total} MB are reserved, as for hugepages",
                "set `locked = ['mem']` for its group if VMs have hugepages",
                "MEMORY_MB",
            )
        encrypted = any("MEM_ENCRYPTION_CONTEXT" in one.inventories for one in case.tree)
        if encrypted or any(one.traits.intersection(_SECRET) for one in case.tree):
            yield self.finding(
                "blocks",
                "guests with encrypted memory (SEV, TDX) may run here, whose memory is locked",
                "give MEMORY_MB of this node a ratio of 1 and leave it out: kind = ['VCPU']",
                "MEMORY_MB",
            )
