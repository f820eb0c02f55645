"""The order of the values in a sample, stored once because most samples of a node share it."""

import json
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from scroogevm.core.samples import Sample
from scroogevm.stores._embedded.blob import DamagedError, seal, unseal


class _Fields(NamedTuple):
    vms: tuple[str, ...]
    node_quantities: tuple[str, ...]
    vm_quantities: tuple[str, ...]


class SampleLayout(_Fields):
    """The VMs and quantities of a sample or chunk, each sorted."""

    @cached_property
    def place(self) -> Mapping[str, int]:
        """The position of each VM."""
        return {vm: number for number, vm in enumerate(self.vms)}

    @property
    def numbers(self) -> int:
        """Count of numbers of a sample."""
        return len(self.node_quantities) + len(self.vm_quantities) * len(self.vms)

    def pack(self) -> bytes:
        """As bytes; JSON in ASCII, which holds any name whatever its characters."""
        return seal(json.dumps(self).encode())

    @classmethod
    def unpack(cls, blob: bytes) -> "SampleLayout":
        """The unpacked layout.

        Raises:
            DamagedError: the bytes are damaged.
        """
        try:
            return cls(*map(tuple, json.loads(bytes(unseal(blob)))))
        except (TypeError, json.JSONDecodeError) as error:
            raise DamagedError(str(error)) from None


def layout_of(sample: Sample) -> tuple[SampleLayout, Sequence[int]]:
    """The layout of a sample, and the position in the sample of each VM of the layout."""
    order = sorted(range(len(sample.vms)), key=sample.vms.__getitem__)
    layout = SampleLayout(
        tuple(sample.vms[number] for number in order),
        tuple(sorted(sample.values)),
        tuple(sorted(sample.vm_values)),
    )
    return layout, order


def pack_sample(sample: Sample, layout: SampleLayout, order: Sequence[int]) -> bytes:
    """All numbers of a sample: the node's, then each quantity of its VMs."""
    quantities, vms = len(layout.node_quantities), len(layout.vms)
    numbers = np.empty(layout.numbers, "<f4")
    with np.errstate(over="ignore"):  # what no float32 holds is infinite, as it should be
        numbers[:quantities] = [sample.values[name] for name in layout.node_quantities]
        for number, name in enumerate(layout.vm_quantities):
            start = quantities + number * vms
            numbers[start : start + vms] = np.asarray(sample.vm_values[name])[order]
    return seal(numbers.tobytes())
