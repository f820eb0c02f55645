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
"""Signals of contention by resource, and of memory that is not really free: more is worse."""


@dataclass(frozen=True, eq=False)
class Facts:
    """The facts at the end of a window. Arrays are over nodes; NaN if unknown.

    A missing fact never permits more than any value of it would. The only exception are signals
    that a node has never sent, because most exporters do not have them.

    Attributes:
        capacity: of each node, cores or MiB.
        allocated: the allocation of its VMs.
        estimated: the demand of the strategy.
        age: seconds from the newest sample to the end of the window.
        list_age: seconds from the newest list of VMs to the end of the window.
        coverage: share of the window's samples that are present, 0 to 1.
        coverage_before: the same of the window before.
        windows: windows of this slice with samples for the strategy, including the new one.
        cold: whether the strategy has too few data, as it says.
        before: free as published at the end of the window before.
        allocated_before: the allocation of VMs then.
        signals: contention by name of ``SIGNALS``.
        told: by the same names, whether a node has ever sent this signal.
        locked: allocation of VMs that cannot be oversold.
        frozen: free that an operator froze; NaN if none did.
        group: number of the group of nodes that can replace each other.
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
        """A signal, (nodes,): infinite if a node stopped sending it, NaN if it never sent it."""
        told = self.told.get(name)
        value = self.signals.get(name)
        if value is None:
            value = np.full(self.nodes, np.nan)
        return value if told is None else np.where(told & np.isnan(value), np.inf, value)

    @property
    def standing(self) -> Floats:
        """The rest of free as it was published, after later VMs took their part, (nodes,).

        Zero, if nothing was published.
        """
        taken = np.maximum(0.0, self.allocated - self.allocated_before)
        return np.nan_to_num(np.maximum(0.0, self.before - taken), nan=0.0)

    def moved(self, rows: Ints) -> "Facts":
        """The facts of some nodes, in their order.

        Args:
            rows: (nodes,), the row here of each node; none is -1.
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
