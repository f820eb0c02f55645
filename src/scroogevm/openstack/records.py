"""Records of Placement's resource providers, as its API gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from math import floor
from typing import Any, NamedTuple

RESOURCE_OF: Mapping[str, str] = {"VCPU": "cpu", "MEMORY_MB": "mem"}
"""Classes whose ratio is written, and the resource of an offer that each stands for."""

InventoryRecord = Mapping[str, Any]
"""An inventory with every field that Placement gave: what is written back is the whole of it."""


class Inventory(NamedTuple):
    """One resource class of a provider.

    Attributes:
        record: every field, as Placement gave it.
    """

    record: InventoryRecord

    @property
    def ratio(self) -> float:
        """The allocation ratio."""
        return float(self.record["allocation_ratio"])

    @property
    def total(self) -> int:
        """Units that there are."""
        return int(self.record["total"])

    @property
    def reserved(self) -> int:
        """Units that VMs never get."""
        return int(self.record.get("reserved", 0))

    @property
    def net(self) -> int:
        """Units that the ratio multiplies: total less reserved."""
        return self.total - self.reserved

    @property
    def max_unit(self) -> int:
        """Most units that one VM may have."""
        return int(self.record.get("max_unit", self.total))

    @property
    def capacity(self) -> int:
        """Whole units that Placement hands out."""
        return floor(self.net * self.ratio)

    def with_ratio(self, ratio: float) -> InventoryRecord:
        """The record with another ratio, all else as it was.

        >>> Inventory({"total": 8, "allocation_ratio": 1.0, "new_field": 3}).with_ratio(2.5)
        {'total': 8, 'allocation_ratio': 2.5, 'new_field': 3}
        """
        return {**self.record, "allocation_ratio": ratio}


@dataclass(frozen=True)
class Provider:
    """A resource provider.

    Attributes:
        uuid: names it for ever.
        name: for nova-compute, the hypervisor_hostname.
        generation: grows with every change.
        parent: uuid of the provider that it is part of; empty for a root.
        inventories: by resource class.
        allocations: by consumer, amounts by class.
        traits: of it.
        aggregates: uuids of those that it is in.
    """

    uuid: str
    name: str
    generation: int
    parent: str = ""
    inventories: Mapping[str, Inventory] = field(default_factory=dict)
    allocations: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    traits: frozenset[str] = frozenset()
    aggregates: frozenset[str] = frozenset()

    @cached_property
    def used(self) -> Mapping[str, int]:
        """Units by class that consumers have."""
        total = dict.fromkeys(self.inventories, 0)
        for amounts in self.allocations.values():
            for name, amount in amounts.items():
                total[name] = total.get(name, 0) + amount
        return total

    def records(self) -> dict[str, InventoryRecord]:
        """Every inventory as it is written back."""
        return {name: inventory.record for name, inventory in self.inventories.items()}


@dataclass(frozen=True)
class Survey:
    """What Placement says of the cloud at one moment.

    Attributes:
        providers: all of them.
        clock: seconds that Placement's clock is ahead of ours; None where it does not tell.
        cloud: which Placement it is, in words that stay the same: address and region.
    """

    providers: Sequence[Provider]
    clock: float | None = None
    cloud: str = ""

    @cached_property
    def children(self) -> Mapping[str, Sequence[Provider]]:
        """Providers by the provider that they are part of."""
        found: dict[str, list[Provider]] = {}
        for provider in self.providers:
            if provider.parent:
                found.setdefault(provider.parent, []).append(provider)
        return found

    @cached_property
    def by_uuid(self) -> Mapping[str, Provider]:
        """Providers by uuid."""
        return {provider.uuid: provider for provider in self.providers}
