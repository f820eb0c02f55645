"""Assigns each VM to a node, in whole numbers, so that rounding errors cannot add up."""

from collections.abc import Callable, Mapping
from heapq import heappop, heappush

import numpy as np

from scroogevm.core.arrays import Ints

Choose = Callable[[Ints, Ints, Ints], int]
"""Picks one of the nodes that have room, from (candidates, free cpu, free memory of all)."""


def _first(candidates: Ints, cpu: Ints, memory: Ints) -> int:
    del cpu, memory
    return int(candidates[0])


def _best(candidates: Ints, cpu: Ints, memory: Ints) -> int:
    order = np.lexsort((candidates, memory[candidates], cpu[candidates]))
    return int(candidates[order[0]])


STRATEGIES: Mapping[str, Choose] = {"first-fit": _first, "best-fit": _best}
"""first-fit: the first node with room; best-fit: the one that keeps least cores, then least
memory."""


def pack(
    stay: tuple[Ints, Ints], need: tuple[Ints, Ints], room: tuple[int, int], choose: Choose
) -> Ints:
    """Place VMs in the order given, opening a node when none has room.

    Args:
        stay: (vms,) each: when a VM arrives, ascending, and when it has left; its place is free
            from then on.
        need: (vms,) each: cpu and memory of a VM.
        room: cpu and memory of a node; each VM fits an empty one.
        choose: picks among nodes with room.

    Returns:
        (vms,), the node of each, from 0.

    >>> stay, need = np.array([[0, 0, 5], [5, 9, 9]]), np.array([[2, 3, 2], [0, 0, 0]])
    >>> pack(tuple(stay), tuple(need), (4, 0), STRATEGIES["first-fit"]).tolist()
    [0, 1, 0]
    """
    (begin, end), (cpu, memory) = stay, need
    free_cpu, free_memory = np.empty(16, np.int64), np.empty(16, np.int64)
    opened = 0
    placed = np.empty(begin.size, np.int64)
    leaving: list[tuple[int, int]] = []
    for vm in range(begin.size):
        while leaving and leaving[0][0] <= begin[vm]:
            gone = heappop(leaving)[1]
            free_cpu[placed[gone]] += cpu[gone]
            free_memory[placed[gone]] += memory[gone]
        fits = (free_cpu[:opened] >= cpu[vm]) & (free_memory[:opened] >= memory[vm])
        candidates = np.flatnonzero(fits)
        if candidates.size:
            node = choose(candidates, free_cpu, free_memory)
        else:
            if opened == free_cpu.size:
                free_cpu, free_memory = (
                    np.resize(free_cpu, 2 * opened),
                    np.resize(free_memory, 2 * opened),
                )
            node, opened = opened, opened + 1
            free_cpu[node], free_memory[node] = room
        placed[vm] = node
        free_cpu[node] -= cpu[vm]
        free_memory[node] -= memory[vm]
        heappush(leaving, (int(end[vm]), vm))
    return placed
