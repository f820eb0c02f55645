"""Converts a recording of the predecessor to windows for the engine."""

from collections.abc import Sequence

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.window import Occurrence, VMs, Window
from scroogevm.errors import TraceError
from scroogevm.ports import RESOURCES, UNITS, Shape
from scroogevm.traces.checks import (
    ABSURD_FRACTION,
    ABSURD_NODE,
    ABSURD_VM,
    refuse_above,
    refuse_negative,
)
from scroogevm.traces.manifest import VmCpuUnit
from scroogevm.traces.predecessor.recording import Recording


def occurrences(
    recording: Recording, shape: Shape, unit: VmCpuUnit, aggregation: int
) -> Sequence[Occurrence]:
    """The windows of a recording, cut as it was recorded.

    Args:
        recording: one node.
        shape: its own shape; its history may differ.
        unit: unit of the VMs' cpu usage in the file.
        aggregation: consecutive samples whose mean enters statistics.

    Raises:
        TraceError: a number is absurd: the wrong unit, most likely.
    """
    return [
        Occurrence(
            number=number,
            slice=number % shape.slices,
            end=end,
            nodes=(recording.name,),
            windows={
                resource: _window(recording, number, resource, unit, aggregation)
                for resource in RESOURCES
            },
            vm_names=recording.vm_names,
        )
        for number, end in enumerate(recording.ends)
    ]


def _window(
    recording: Recording, number: int, resource: str, unit: VmCpuUnit, aggregation: int
) -> Window:
    node = recording.node[number]
    usage = node.usage[resource][np.newaxis, :]
    capacity = np.array([node.size[resource]])

    def place(flat: int) -> str:
        return f"{recording.path}: node.raw_data[{number}].{resource}_usage[{flat}]"

    refuse_negative(usage, place)
    remedy = f"usage and capacity in {UNITS[resource]}"
    refuse_above(usage, capacity, ABSURD_NODE, place, remedy)
    vms = _vms(recording, number, resource, unit)
    total = vms.allocated.sum()
    # A node with a VM of unknown size counts as full: what is not known is not free.
    allocated = capacity if np.isnan(total) else np.array([total])
    return Window(usage, capacity, allocated, vms, aggregation)


def _vms(recording: Recording, number: int, resource: str, unit: VmCpuUnit) -> VMs:
    living = recording.vms[number]
    ids = np.fromiter(living, np.int64, len(living))
    allocated = np.array([vm.size[resource] for vm in living.values()])
    usage = _stack([vm.usage[resource] for vm in living.values()])

    def place(flat: int) -> str:
        row, sample = divmod(flat, usage.shape[1])
        name = recording.vm_names[int(ids[row])]
        return f"{recording.path}: vm.{name}.raw_data[{number}].{resource}_usage[{sample}]"

    refuse_negative(usage, place)
    if resource == "cpu" and unit == "fraction":
        try:
            refuse_above(usage, np.ones(ids.size), ABSURD_FRACTION, place, "")
        except TraceError as error:
            raise TraceError(
                "is not a fraction of the allocation: " + error.problem,
                where=error.where,
                remedy="if VM usage is in cores, use --vm-cpu-usage cores",
            ) from None
        usage = usage * allocated[:, np.newaxis]
    else:
        remedy = f"usage and allocation in {UNITS[resource]}"
        refuse_above(usage, allocated, ABSURD_VM, place, remedy)
    return VMs(ids, np.zeros(ids.size, np.int64), allocated, usage)


def _stack(rows: Sequence[Floats]) -> Floats:
    """Lists of samples as one array, joined by position, NaN where one is shorter."""
    width = max((row.size for row in rows), default=0)
    if all(row.size == width for row in rows):
        return np.array(rows).reshape(len(rows), width)
    stacked = np.full((len(rows), width), np.nan)
    for number, row in enumerate(rows):
        stacked[number, : row.size] = row
    return stacked
