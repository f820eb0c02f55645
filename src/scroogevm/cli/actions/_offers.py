"""Offers as tables in the terminal."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from scroogevm.text import counted

if TYPE_CHECKING:
    from scroogevm.offers.status import NodeStatus, Status

COLUMNS = (
    "node", "state", "cores free", "of", "ratio", "GiB free", "of", "ratio", "VMs", "why",
)  # fmt: skip


_GIB = 1024.0


def rows(nodes: "Sequence[NodeStatus]") -> Sequence[Sequence[str]]:
    """A row for each node."""
    return [_row(node) for node in nodes]


def summary(status: "Status") -> str:
    """How many nodes there are, how fresh they are, and how much is free."""
    nodes = status.nodes.values()
    free = {
        resource: sum(node.resources[resource].free for node in nodes if resource in node.resources)
        for resource in ("cpu", "mem")
    }
    end = datetime.fromtimestamp(status.window_end, UTC)
    return (
        f"{counted(len(status.nodes), 'node')}, window until {end:%Y-%m-%d %H:%M:%S} UTC: "
        f"{free['cpu']:.4g} cores and {free['mem'] / _GIB:.4g} GiB are free"
    )


def _row(node: "NodeStatus") -> Sequence[str]:
    cells = [node.node, node.state]
    for resource, scale in (("cpu", 1.0), ("mem", _GIB)):
        offer = node.resources[resource]
        cells.append(f"{offer.free / scale:.4g}")
        cells.append("-" if offer.capacity is None else f"{offer.capacity / scale:.4g}")
        cells.append("-" if offer.ratio is None else f"{offer.ratio:.2f}")
    return [*cells, "-" if node.inputs.vms is None else str(node.inputs.vms), node.reason]
