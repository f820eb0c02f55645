"""The measured quantities, in the units of the estimator.

An exporter's counters and gauges become *samples* (see ``telemetry``); stores keep samples and give
them back as *rows*. Missing is NaN in both, never zero.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from scroogevm.core.arrays import Floats, Ints


class Quantity(NamedTuple):
    """One measured quantity.

    Attributes:
        unit: of its numbers.
        meaning: one line.
    """

    unit: str
    meaning: str


NODE: Mapping[str, Quantity] = {
    "cpu": Quantity("cores", "capacity"),
    "mem": Quantity("MiB", "capacity"),
    "cpu_usage": Quantity("cores", "busy, without idle and iowait"),
    "mem_usage": Quantity("MiB", "total less available, less free hugepages"),
    "cpu_wait": Quantity("s/s", "time that tasks waited in run queues"),
    "cpu_pressure": Quantity("s/s", "PSI: share of time in which some task waited for a cpu"),
    "mem_pressure": Quantity("s/s", "PSI: share of time in which some task waited for memory"),
    "mem_stall": Quantity("s/s", "PSI: share of time in which every task waited for memory"),
    "cpu_steal": Quantity("cores", "taken away by a hypervisor below"),
    "vms": Quantity("1", "VMs that the sample lists; missing if they were unknown"),
}
"""Quantities of a node, in the order in which they are shown."""

VM: Mapping[str, Quantity] = {
    "cpu": Quantity("cores", "vCPUs allocated"),
    "mem": Quantity("MiB", "allocated now: what the balloon leaves"),
    "mem_maximum": Quantity("MiB", "largest allocation"),
    "cpu_usage": Quantity("cores", "cpu time of the VM"),
    "mem_usage": Quantity("MiB", "used in the guest, by its statistics"),
    "mem_rss": Quantity("MiB", "resident on the node"),
    "mem_age": Quantity("s", "age of the guest's memory statistics"),
    "cpu_delay": Quantity("s/s", "time that its threads were ready and waited for a cpu"),
    "page_faults": Quantity("1/s", "minor page faults"),
    "major_faults": Quantity("1/s", "major page faults"),
    "swap_in": Quantity("MiB/s", "read back from the guest's swap"),
    "swap_out": Quantity("MiB/s", "written to the guest's swap"),
}
"""Quantities of a VM, in the order in which they are shown."""

SIGNALS: Mapping[str, Quantity] = {
    **{
        name: NODE[name]
        for name in ("cpu_wait", "cpu_pressure", "mem_pressure", "mem_stall", "cpu_steal")
    },
    "cpu_delay": Quantity("s/s", "time that threads of its VMs were ready and waited for a cpu"),
    "major_faults": Quantity("1/s", "major page faults of its VMs"),
    "swap_in": Quantity("MiB/s", "read back from swap by the guests of its VMs"),
    "ballooned": Quantity("MiB", "allocated to its VMs and held by their balloons"),
}
"""Signals of contention and health of a node; the last four are sums over its VMs."""

LISTED = "vms"
"""The quantity of a node that is the number of VMs in a sample."""

ESSENTIAL: Sequence[str] = ("cpu", "mem", "cpu_usage", "mem_usage")
"""Quantities of nodes and of VMs that an estimate uses."""

TRACED: Sequence[str] = (
    *ESSENTIAL,
    LISTED,
    *(name for name in SIGNALS if name in NODE or name in VM),
    "mem_maximum",
)
"""Quantities of nodes and of VMs in a trace."""


@dataclass(frozen=True, eq=False)
class Sample:
    """What was measured on one node at one time.

    Attributes:
        node: its name.
        time: seconds since 1970, by the clock of the collector.
        values: by quantity of ``NODE``; an absent one, or NaN, is missing.
        vms: names of the VMs that were seen, each once.
        vm_values: by quantity of ``VM``, (vms,), NaN where missing.
    """

    node: str
    time: float
    values: Mapping[str, float]
    vms: Sequence[str] = ()
    vm_values: Mapping[str, Floats] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Rows:
    """Many samples of nodes, or of VMs, in columns: sorted by owner, then time.

    Attributes:
        owners: ``(node,)`` or ``(node, vm)`` of each owner, sorted, each once.
        owner: (rows,), position of each row's owner, ascending.
        time: (rows,), seconds since 1970, strictly ascending within an owner.
        values: by quantity, (rows,), float32 or float64, NaN where missing.
    """

    owners: Sequence[tuple[str, ...]]
    owner: Ints
    time: Floats
    values: Mapping[str, Floats]

    def __len__(self) -> int:
        return int(self.time.size)

    @classmethod
    def none(cls, quantities: Iterable[str]) -> "Rows":
        """Rows without any row."""
        empty = np.empty(0)
        return cls((), np.empty(0, np.int64), empty, dict.fromkeys(quantities, empty))


class Recorded(NamedTuple):
    """The samples that a store has of some nodes in a period."""

    nodes: Rows
    vms: Rows
