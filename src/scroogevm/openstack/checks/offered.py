"""The check of the offer."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding
from scroogevm.openstack.records import RESOURCE_OF


@dataclass(frozen=True)
class Offered(Check):
    """There has to be an offer to write."""

    formula = "blocks without an offer; tells states that are not ok"

    def look(self, case: Case) -> Iterator[Finding]:
        """Offers that are missing, or no more to be believed."""
        for kind, _ in case.inventories():
            offer = case.offer.resources.get(RESOURCE_OF[kind])
            if offer is None or offer.allocated is None:
                yield self.finding("blocks", "nothing is offered", kind=kind)
            elif offer.state != "ok":
                why = offer.reasons[-1].sentence if offer.reasons else "no reason was given"
                yield self.finding("tells", f"the offer is {offer.state}: {why}", kind=kind)
