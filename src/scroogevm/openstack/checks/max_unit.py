"""The check of the limits of a single VM."""

from collections.abc import Iterator
from dataclasses import dataclass

from scroogevm.openstack.check import Case, Check, Finding


@dataclass(frozen=True)
class MaxUnit(Check):
    """A VM is never larger than the node.

    Nova sets ``max_unit`` to the total. With a larger one, a ratio above 1 places a VM that
    cannot run.
    """

    formula = "warns where max_unit > total; tells max_unit < total, min_unit > 1, step_size > 1"

    def look(self, case: Case) -> Iterator[Finding]:
        """``max_unit`` against the total, and steps that waste what is free."""
        for kind, inventory in case.inventories():
            if inventory.max_unit > inventory.total:
                yield self.finding(
                    "warns",
                    f"max_unit {inventory.max_unit} is above the total {inventory.total}: a VM "
                    f"can be larger than the node",
                    "nova-compute sets it to the total; find out who else writes this record",
                    kind,
                )
            elif inventory.max_unit < inventory.total:
                sentence = f"max_unit is {inventory.max_unit}: no VM may have more"
                yield self.finding("tells", sentence, kind=kind)
            for name in ("min_unit", "step_size"):
                value = int(inventory.record.get(name, 1))
                if value > 1:
                    yield self.finding("tells", f"{name} is {value}", kind=kind)
