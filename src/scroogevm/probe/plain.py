"""Prints the values as JSON."""

from collections.abc import Mapping
from typing import Any

from scroogevm.probe.snapshot import Snapshot, Values
from scroogevm.telemetry.metrics import DOMAIN, NODE, Metric


def to_plain(snapshot: Snapshot) -> Mapping[str, Any]:
    """Everything that was read, as dictionaries; what is not known is absent."""
    return {
        "node": _named(snapshot.values, NODE),
        "domains": [
            {
                "domain": domain.name,
                "uuid": domain.uuid,
                "openstack": domain.openstack and list(domain.openstack),
                **_named(domain.values, DOMAIN),
            }
            for domain in snapshot.domains
        ],
        "blind": dict(snapshot.blind),
    }


def _named(values: Values, metrics: Mapping[str, Metric]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for (name, label), value in values.items():
        if name in metrics and label:
            found.setdefault(name, {})[label] = value
        elif name in metrics:
            found[name] = value
    return found
