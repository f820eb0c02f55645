"""The facts that guards use, of one window and one resource, as arrays over nodes."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import Any

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.window import take

SIGNALS: Mapping[str, Mapping[str, str]] = {
    "cpu": {
        "wait": "time that tasks waited in run queues / time that they ran",
        "pressure": "PSI: share of time in which some task waited for a cpu",
        "steal": "time taken away by a hypervisor below / time that tasks ran",
    },
    "mem": {
        "pressure": "PSI: share of time in which some task waited for memory",
        "stall": "PSI: share of time in which every task waited for memory",
        "swap_in": "read back from the swap of guests, MiB/s",
        "faults": "major page faults of VMs, 1/s",
        "ballooned": "allocated to VMs and held by their balloons, MiB",
    },
}
"""Signals of contention by resource, and what free memory rests on: more is worse."""


@dataclass(frozen=True, eq=False)
class Facts:
    """What is known at the end of a window. Arrays are over nodes, NaN where nobody could tell.

    A fact that is missing never permits more than any value of it would. The signals are the one
    exception, where a node has never told them: most exporters do not.

    Attributes:
        capacity: what each node has, cores or MiB.
        allocated: the allocation of its VMs.
        estimated: the demand that the strategy said.
        age: seconds from the newest sample to the end of the window.
        list_age: seconds from the newest list of VMs to it.
        coverage: share of the window's samples that are there, 0 to 1.
        coverage_before: the same of the window before.
        windows: windows of this slice that the strategy had samples of, the new one included.
        cold: whether the strategy says that it knows too little.
        before: free as it was told at the end of the window before.
        allocated_before: what VMs were promised then.
        signals: contention by name of ``SIGNALS``.
        told: by the same names, whether a node tells such a signal at all.
        locked: what was promised to VMs of which nothing can be oversold.
        frozen: free that an operator froze; NaN where none did.
        group: number of the group of nodes that stand in for each other.
        kept: windows that the strategy joins, K.
        interval: seconds between two samples.
        unit: of the resource, for sentences.
    """

    capacity: Floats
    allocated: Floats
    estimated: Floats
    age: Floats
    list_age: Floats
    coverage: Floats
    coverage_before: Floats
    windows: Ints
    cold: Bools
    before: Floats
    allocated_before: Floats
    locked: Floats
    frozen: Floats
    group: Ints
    signals: Mapping[str, Floats] = field(default_factory=dict)
    told: Mapping[str, Bools] = field(default_factory=dict)
    kept: int = 4
    interval: float = 10.0
    unit: str = "cores"

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return int(self.capacity.size)

    def signal(self, name: str) -> Floats:
        """A signal, (nodes,): infinite where a node tells it otherwise, NaN where it never did."""
        told = self.told.get(name)
        value = self.signals.get(name)
        if value is None:
            value = np.full(self.nodes, np.nan)
        return value if told is None else np.where(told & np.isnan(value), np.inf, value)

    @property
    def standing(self) -> Floats:
        """What is left of free as it was told, once later VMs took theirs, (nodes,).

        Nothing, where nothing was told.
        """
        taken = np.maximum(0.0, self.allocated - self.allocated_before)
        return np.nan_to_num(np.maximum(0.0, self.before - taken), nan=0.0)

    def moved(self, rows: Ints) -> "Facts":
        """The facts of some nodes, in their order.

        Args:
            rows: (nodes,), where each node stands here; none is -1.
        """
        moved: dict[str, Any] = {
            item.name: take(value, rows, 0)
            for item in fields(self)
            if isinstance(value := getattr(self, item.name), np.ndarray)
        }
        for name in ("signals", "told"):
            each = getattr(self, name)
            moved[name] = {key: take(array, rows, 0) for key, array in each.items()}
        return replace(self, **moved)
