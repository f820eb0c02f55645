"""Nodes and providers for tests that need no server."""

from typing import Any

from scroogevm.openstack.memory import Memory, Start
from scroogevm.openstack.records import Inventory, Provider, Survey


def provider(name: str, ratio: float = 1.0, used: int = 0, **more: Any) -> Provider:
    """A host of 64 cores and 256 GiB."""
    inventories = {
        "VCPU": Inventory({"total": 64, "reserved": 0, "max_unit": 64, "allocation_ratio": ratio}),
        "MEMORY_MB": Inventory(
            {"total": 262_144, "reserved": 0, "max_unit": 262_144, "allocation_ratio": 1.0}
        ),
    }
    held = {"vm": {"VCPU": used}} if used else {}
    return Provider(f"uuid-{name}", name, 1, inventories=inventories, allocations=held, **more)


def adopted(survey: Survey, **more: Any) -> Memory:
    """A memory in which all are adopted."""
    starts = {
        (one.uuid, kind): Start(one.name, one.name, inventory.record, 0.0)
        for one in survey.providers
        for kind, inventory in one.inventories.items()
    }
    return Memory(starts=starts, **more)
