"""Finds nodes with room for VMs of a size."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor

from scroogevm.offers.status import Status

_ROUNDING = 1e-9


@dataclass(frozen=True)
class NodeFit:
    """The number of VMs of a size that a node may take.

    Attributes:
        node: its name.
        vms: that it may take.
        placed: number of the requested VMs that are placed there.
        cpu_left: cores that are free after that.
        mem_left: MiB that are free after that.
    """

    node: str
    vms: int
    placed: int
    cpu_left: float
    mem_left: float


@dataclass(frozen=True)
class Fit:
    """The placement of VMs of a size.

    Attributes:
        cpu: cores of each.
        mem: MiB of each.
        count: VMs requested.
        room: VMs that all nodes may take together.
        placed: VMs that can be placed.
        nodes: with room for at least one VM, most room first.
    """

    cpu: float
    mem: float
    count: int
    room: int
    placed: int
    nodes: Sequence[NodeFit]


def fit(status: Status, cpu: float, mem: float, count: int) -> Fit:
    """Spread VMs over nodes: each goes to the node with room for the most further VMs.

    Args:
        status: as it is valid now.
        cpu: cores of each VM, 0.001 or more.
        mem: MiB of each VM, 0.001 or more.
        count: how many.

    Returns:
        Nodes without room are left out.
    """
    free = {
        name: (node.resources["cpu"].free, node.resources["mem"].free)
        for name, node in status.nodes.items()
        if {"cpu", "mem"} <= set(node.resources)
    }
    room = {name: _room(*each, cpu, mem) for name, each in free.items()}
    room = {name: vms for name, vms in room.items() if vms}
    placed = _spread(room, count)
    nodes = [
        NodeFit(
            name,
            vms,
            placed[name],
            free[name][0] - placed[name] * cpu,
            free[name][1] - placed[name] * mem,
        )
        for name, vms in room.items()
    ]
    nodes.sort(key=lambda one: (-one.vms, one.node))
    return Fit(cpu, mem, count, sum(room.values()), sum(placed.values()), nodes)


def _room(free_cpu: float, free_mem: float, cpu: float, mem: float) -> int:
    return max(0, min(floor(free_cpu / cpu + _ROUNDING), floor(free_mem / mem + _ROUNDING)))


def _spread(room: dict[str, int], count: int) -> dict[str, int]:
    """The number of VMs on each node, if each VM goes to the node with the most room.

    >>> _spread({"a": 5, "b": 3}, 4)
    {'a': 3, 'b': 1}
    """
    if count >= sum(room.values()):
        return dict(room)
    low, high = 0, max(room.values(), default=0)
    while low < high:  # the smallest room that every node keeps after all are placed
        level = (low + high) // 2
        if sum(max(0, vms - level) for vms in room.values()) > count:
            low = level + 1
        else:
            high = level
    placed = {name: max(0, vms - low) for name, vms in room.items()}
    rest = count - sum(placed.values())
    for name, vms in room.items():
        if rest and vms >= low > 0:
            placed[name] += 1
            rest -= 1
    return placed
