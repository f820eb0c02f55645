"""Reads a document of the predecessor occurrence by occurrence, and resolves its quirks."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.ports import RESOURCES, Shape
from scroogevm.traces.manifest import MOST_SLICES
from scroogevm.traces.predecessor.document import Document
from scroogevm.traces.remarks import Remarks, unknown_allocation

HUGE = 1e12
"""No node has as many cores or MiB."""


@dataclass(frozen=True, eq=False)
class Sampled:
    """A node or a VM in one occurrence, arrays by resource.

    Attributes:
        size: capacity or allocation: the last one given, in this occurrence or before; NaN for
            a VM of which none was given yet.
        usage: (samples,), in the file's own unit.
    """

    size: Mapping[str, float]
    usage: Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class Recording:
    """One node's trace.

    Attributes:
        path: the file.
        name: name of the node.
        shape: how its windows were cut.
        ends: seconds since the start at which each occurrence ended.
        node: the node in each occurrence.
        vm_names: names of its VMs.
        vms: the VMs that lived in each occurrence, by their position in ``vm_names``.
    """

    path: Path
    name: str
    shape: Shape
    ends: Sequence[float]
    node: Sequence[Sampled]
    vm_names: Sequence[str]
    vms: Sequence[Mapping[int, Sampled]]


def read_recording(path: Path, remarks: Remarks) -> Recording:
    """Read a trace or a dump of the predecessor.

    Raises:
        TraceError: it is not one, or holds numbers that make no sense.
    """
    document = Document(path, remarks)
    config = document.member(document.root, "config", "")
    shape = _shape(document, config)
    ends = document.samples(document.root, "epoch", "")
    if not ends.size or np.isnan(ends).any() or np.any(np.diff(ends) <= 0):
        raise document.error(
            "epoch", "is not a rising list of numbers", "end of each occurrence, s"
        )
    node = document.member(document.root, "node", "")
    raw = _raw(document, node, "node", ends.size)
    nodes: list[Sampled] = []
    for number, owner in enumerate(raw):
        place = f"node.raw_data[{number}]"
        nodes.append(_sampled(document, owner, place, nodes[-1] if nodes else None))
        for resource, size in nodes[-1].size.items():
            if math.isnan(size):
                raise document.error(
                    f"{place}.{resource}",
                    "is missing",
                    "the size of a node must be known in the first occurrence",
                )
    vms: list[dict[int, Sampled]] = [{} for _ in range(ends.size)]
    owners = document.member(document.root, "vm", "")
    names = list(document.names(owners, "vm"))
    for position, name in enumerate(names):
        owner = document.member(owners, name, "vm.")
        raw = _raw(document, owner, f"vm.{name}", ends.size)
        for number, vm in _living(document, raw, f"vm.{name}", shape.slices):
            vms[number][position] = vm
    title = config.get("node_name")
    name = title if isinstance(title, str) and title else path.name.split(".")[0]
    return Recording(path, name, shape, ends.tolist(), nodes, names, vms)


def _shape(document: Document, config: Any) -> Shape:
    scope = document.length(config, "node_scope", "config.")
    slice_ = document.length(config, "slice_scope", "config.", default=scope)
    times = scope / slice_
    if times > MOST_SLICES:
        problem = f"{slice_:g} s makes more than {MOST_SLICES:,} slices of node_scope, {scope:g} s"
        raise document.error("config.slice_scope", problem)
    if times < 1 or abs(times - round(times)) > 1e-9:
        raise document.error(
            "config.slice_scope", f"{slice_:g} s do not divide node_scope, {scope:g} s"
        )
    slices = document.number(config, "number_of_slice", "config.", default=times)
    if slices != round(times):
        raise document.error(
            "config.number_of_slice", f"{slices:g} is not node_scope / slice_scope = {times:g}"
        )
    history = config.get("historical_occurences")
    if history is None:
        history = 3
    if isinstance(history, bool) or not isinstance(history, int) or not 0 <= history < 10_000:
        raise document.error(
            "config.historical_occurences", f"{history!r} is not a number of windows"
        )
    return Shape(scope, slice_, history)


def _raw(document: Document, owner: Any, place: str, occurrences: int) -> list[Any]:
    raw = document.items(owner, "raw_data", f"{place}.")
    if len(raw) != occurrences:
        raise document.error(
            f"{place}.raw_data",
            f"has {len(raw)} occurrences, epoch has {occurrences}",
            "the same number in both, {} if there is nothing",
        )
    return raw


def _living(
    document: Document, raw: Sequence[Any], place: str, slices: int
) -> list[tuple[int, Sampled]]:
    """The occurrences in which a VM lived."""
    living: list[tuple[int, Sampled]] = []
    last: dict[int, tuple[Any, Sampled]] = {}
    before: Sampled | None = None
    for number, owner in enumerate(raw):
        if not len(owner):
            continue
        vm = _sampled(document, owner, f"{place}.raw_data[{number}]", before)
        earlier = last.get(number % slices)
        last[number % slices] = (owner, vm)
        before = vm
        # Comparing the samples first spares writing out most objects.
        if (
            earlier
            and earlier[1].usage["cpu"].tobytes() == vm.usage["cpu"].tobytes()
            and document.same(earlier[0], owner)
        ):
            continue
        living.append((number, vm))
    for resource in RESOURCES:
        unknown = [number for number, vm in living if math.isnan(vm.size[resource])]
        if unknown:
            where = f"{document.path}: {place}.raw_data[{unknown[0]}].{resource}"
            document.remarks.add(unknown_allocation(resource, where))
    return living


def _sampled(document: Document, owner: Any, place: str, before: Sampled | None) -> Sampled:
    size: dict[str, float] = {}
    usage: dict[str, Floats] = {}
    for resource in RESOURCES:
        last = _last(document.samples(owner, resource, place))
        if last is None:
            last = math.nan if before is None else before.size[resource]
        elif not 0 <= last < HUGE:
            raise document.error(
                f"{place}.{resource}[-1]", f"{last:g} is not a size", "a number >= 0"
            )
        size[resource] = last
        usage[resource] = document.samples(owner, f"{resource}_usage", place)
    return Sampled(size, usage)


def _last(sizes: Floats) -> float | None:
    """The last size given, None when none was."""
    if sizes.size and sizes[-1] == sizes[-1]:  # the fast way to ask for NaN
        return float(sizes[-1])
    given = sizes[~np.isnan(sizes)]
    return float(given[-1]) if given.size else None
