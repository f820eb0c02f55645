"""Writes the samples of a chunk, node by node, as the lists of the predecessor's JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from scroogevm.core.arrays import Floats, Ints
from scroogevm.core.window import Occurrence, Window
from scroogevm.ports import CPU, MEM, RESOURCES, Shape


class Samples:
    """Finds the rows of a node in every window of a chunk.

    Args:
        occurrences: the windows of the chunk.
        shape: how they were cut.
    """

    def __init__(self, occurrences: Sequence[Occurrence], shape: Shape) -> None:
        self._occurrences = occurrences
        self._shape = shape
        self._rows = [
            {resource: _rows_of_nodes(one.windows[resource]) for resource in RESOURCES}
            for one in occurrences
        ]

    def node(self, node: int) -> str:
        """``node.raw_data`` of one node, as JSON."""
        capacity = {resource: self._capacity(node, resource) for resource in RESOURCES}
        listed = []
        for number, occurrence in enumerate(self._occurrences):
            windows = occurrence.windows
            usage = {resource: windows[resource].usage[node] for resource in RESOURCES}
            size = {resource: capacity[resource][number] for resource in RESOURCES}
            content = self._content(occurrence, size, usage)
            listed.append({**content, "vm": self.vm_names(node, number)})
        return as_json(listed)

    def vm_names(self, node: int, number: int) -> list[str]:
        """Names of the VMs on a node in an occurrence."""
        names = self._occurrences[number].vm_names
        return [names[vm] for vm in sorted(self._vms(node, number))]

    def vms(self, node: int) -> Iterator[tuple[str, str]]:
        """Name and ``raw_data`` of each VM that ever was on a node, as JSON."""
        lives: dict[int, dict[int, Mapping[str, int]]] = {}
        for number in range(len(self._occurrences)):
            for vm, rows in self._vms(node, number).items():
                lives.setdefault(vm, {})[number] = rows
        names = self._occurrences[-1].vm_names if self._occurrences else ()
        for vm, life in sorted(lives.items()):
            yield names[vm], self._life(life)

    def _life(self, life: Mapping[int, Mapping[str, int]]) -> str:
        """``{}`` before a VM has come, its last object of the slice again once it has left.

        Objects of different windows never are equal by chance, since their times differ.
        """
        last: dict[int, str] = {}
        listed = []
        for number, occurrence in enumerate(self._occurrences):
            position = occurrence.slice
            if number in life:
                last[position] = as_json(self._vm(occurrence, life[number]))
            listed.append(last.get(position, "{}"))
        return f"[{', '.join(listed)}]"

    def _vm(self, occurrence: Occurrence, rows: Mapping[str, int]) -> Mapping[str, Any]:
        size, usage = {}, {}
        for resource in RESOURCES:
            vms = occurrence.windows[resource].vms
            row = rows.get(resource)
            size[resource] = float(vms.allocated[row]) if row is not None else 0.0
            usage[resource] = vms.usage[row] if row is not None else np.empty(0)
        usage[CPU] = fraction(usage[CPU], size[CPU])
        return self._content(occurrence, size, usage)

    def _content(
        self, occurrence: Occurrence, size: Mapping[str, float], usage: Mapping[str, Floats]
    ) -> Mapping[str, Any]:
        width = max(1, *(samples.size for samples in usage.values()))
        begin = occurrence.end - self._shape.slice
        time = begin + np.arange(width) * (self._shape.slice / width)
        return {
            "time": whole(np.round(time, 3)),
            "cpu": whole(np.full(width, size[CPU])),
            "mem": whole(np.full(width, size[MEM])),
            "cpu_usage": plain(usage[CPU]),
            "mem_usage": plain(usage[MEM]),
        }

    def _vms(self, node: int, number: int) -> dict[int, dict[str, int]]:
        """Row by resource of each VM on a node, by its id."""
        found: dict[int, dict[str, int]] = {}
        for resource in RESOURCES:
            order, starts = self._rows[number][resource]
            ids = self._occurrences[number].windows[resource].vms.ids
            for row in order[starts[node] : starts[node + 1]].tolist():
                found.setdefault(int(ids[row]), {})[resource] = row
        return found

    def _capacity(self, node: int, resource: str) -> Floats:
        """Capacity by occurrence; where it is missing, its first one: a reader needs one."""
        given = np.array([one.windows[resource].capacity[node] for one in self._occurrences])
        known = given[~np.isnan(given)]
        return np.where(np.isnan(given), known[0] if known.size else 0.0, given)


def _rows_of_nodes(window: Window) -> tuple[Ints, Ints]:
    """Rows of its VMs sorted by node, and where each node's begin, one more for the end."""
    order = np.argsort(window.vms.node, kind="stable")
    return order, np.searchsorted(window.vms.node[order], np.arange(window.nodes + 1))


def fraction(cores: Floats, allocated: float) -> Floats:
    """Usage as fraction of the allocation; the shortest decimals that give the same cores again.

    >>> fraction(np.array([0.1188 * 6]), 6.0).tolist()
    [0.1188]
    """
    if not allocated > 0:
        return np.full(cores.shape, np.nan)
    exact = cores / allocated
    short = np.round(exact, 6)
    return np.where(short * allocated == cores, short, exact)


def plain(values: Floats | Ints) -> list[float | None]:
    """A list without NaN."""
    listed: list[float | None] = values.tolist()
    if np.isnan(values).any():
        return [None if value != value else value for value in listed]  # noqa: PLR0124  # NaN
    return listed


def whole(values: Floats | Ints) -> list[float | None]:
    """Likewise, whole numbers without a decimal point."""
    if values.size and np.all(values == np.rint(values)):
        values = values.astype(np.int64)
    return plain(values)


def as_json(content: Any) -> str:
    """The text; a NaN is an error, because it would make the file invalid."""
    return json.dumps(content, allow_nan=False)
