"""A status prepared for answers: computed once, sent often."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any

from scroogevm.offers.status import NodeStatus, Status

COLUMNS = (
    "node", "group", "state", "reason", "vms",
    "cpu_capacity", "cpu_allocated", "cpu_usage", "cpu_demand", "cpu_free",
    "mem_capacity", "mem_allocated", "mem_usage", "mem_demand", "mem_free",
)  # fmt: skip
"""Of the table that the fleet's page shows."""
_NUMBERS = ("capacity", "allocated", "usage", "demand", "free")


class PublishedStatus:
    """A status, and what is made of it.

    Args:
        status: as it may be believed.
    """

    def __init__(self, status: Status) -> None:
        self.status = status
        self.until = min((node.valid_until for node in status.nodes.values()), default=0.0)

    @cached_property
    def etag(self) -> str:
        """Changes when anything does."""
        states = "".join(node.state[0] for node in self.status.nodes.values())
        holds = [name for name, node in self.status.nodes.items() if node.hold]
        text = f"{self.status.window} {self.status.computed_at} {states} {holds}"
        return f'"{blake2b(text.encode(), digest_size=12).hexdigest()}"'

    @cached_property
    def fleet(self) -> bytes:
        """Every node as a row of numbers, JSON."""
        status = self.status
        content = {
            "window_end": status.window_end,
            "computed_at": status.computed_at,
            "scope": status.scope,
            "slice": status.slice,
            "producer": status.producer,
            "valid_until": self.until,
            "columns": COLUMNS,
            "nodes": [_row(node) for node in status.nodes.values()],
        }
        return json.dumps(content, separators=(",", ":"), allow_nan=False).encode()

    @cached_property
    def groups(self) -> Sequence[Mapping[str, Any]]:
        """Each group: nodes by state, and the sums of its resources."""
        found: dict[str, dict[str, Any]] = {}
        for node in self.status.nodes.values():
            one = found.setdefault(node.group, {"name": node.group, "nodes": 0, "states": {}})
            one["nodes"] += 1
            one["states"][node.state] = one["states"].get(node.state, 0) + 1
            for resource, offer in node.resources.items():
                sums = one.setdefault(resource, dict.fromkeys(_NUMBERS, 0.0))
                for name in _NUMBERS:
                    sums[name] += getattr(offer, name) or 0.0
        return list(found.values())


def _row(node: NodeStatus) -> Sequence[Any]:
    numbers: list[Any] = []
    for resource in ("cpu", "mem"):
        offer = node.resources.get(resource)
        numbers += (_short(getattr(offer, name, None)) for name in _NUMBERS)
    return [node.node, node.group, node.state, node.reason, node.inputs.vms, *numbers]


def _short(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
