"""The check for ratios that are set by aggregate."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding


@dataclass(frozen=True)
class Aggregates(Check):
    """Where all nodes of an aggregate have a ratio of their own, somebody sets it by aggregate.

    `openstack resource provider inventory set --aggregate` does so, and would undo what is written.
    Ratios in the metadata of Nova's aggregates do nothing in Placement.
    """

    formula = "warns where all members of an aggregate have a ratio that nobody else has"

    def look(self, case: Case) -> Iterator[Finding]:
        """Aggregates of the node that have a ratio of their own."""
        for kind, inventory in case.inventories():
            if kind in case.written:
                continue  # the ratio is ours
            for aggregate in sorted(case.provider.aggregates):
                if case.ratios.get((aggregate, kind)) == inventory.ratio:
                    yield self.finding(
                        "warns",
                        f"all nodes of aggregate {aggregate} have ratio {inventory.ratio:g}, "
                        "other nodes have another one",
                        "find out who sets it by aggregate, and stop it",
                        kind,
                    )
