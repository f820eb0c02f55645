"""The contents of the journal, as the plan needs them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from scroogevm.openstack.records import InventoryRecord, Provider

Key = tuple[str, str]
"""Uuid of a provider, and a resource class."""


class Start(NamedTuple):
    """An inventory as it was when its node was adopted.

    Attributes:
        node: its name in the telemetry.
        provider: its name in Placement.
        record: every field.
        time: when, seconds since 1970.
    """

    node: str
    provider: str
    record: InventoryRecord
    time: float

    @property
    def ratio(self) -> float:
        """The ratio that a rollback restores."""
        return float(self.record["allocation_ratio"])


class Replaced(NamedTuple):
    """What the last confirmed write replaced.

    Attributes:
        ratio: the one before.
        put_back: when it was found there again, seconds since 1970; 0 for never.
    """

    ratio: float
    put_back: float


@dataclass(frozen=True)
class Memory:
    """What the journal knows.

    Attributes:
        starts: inventories that were adopted.
        written: ratios that Placement confirmed last.
        replaced: ratios before those.
        stops: why nothing is written any more.
        recent: times of confirmed writes, by node: the first and the last.
        newest: time of the newest entry; 0 without one.
    """

    starts: Mapping[Key, Start] = field(default_factory=dict)
    written: Mapping[Key, float] = field(default_factory=dict)
    replaced: Mapping[Key, Replaced] = field(default_factory=dict)
    stops: Mapping[Key, str] = field(default_factory=dict)
    recent: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    newest: float = 0.0

    def as_if_adopted(self, providers: Iterable[Provider]) -> "Memory":
        """The same where every provider has a start: to show what would be written then."""
        starts = {
            (one.uuid, kind): Start("", one.name, inventory.record, 0.0)
            for one in providers
            for kind, inventory in one.inventories.items()
        }
        return replace(self, starts={**starts, **self.starts})
