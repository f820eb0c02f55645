"""The guard against contention."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import Guard, Limit, percent
from scroogevm.offers.offer import Offer
from scroogevm.registry import parameter

_MEMORY: Mapping[str, float] = {"pressure_first": 0.01, "pressure_second": 0.1}


@dataclass(frozen=True)
class Contention(Guard):
    """No increase while VMs wait for a resource; at long waits they count at their allocation.

    A node that stops sending a signal counts as a node with long waits. A signal that a node has
    never sent is not judged.
    """

    formula = "free <= before above the first limit, demand >= allocated above the second"
    source = "PSI, schedstat: averages of usage do not show queues"
    resource_defaults: ClassVar[Mapping[str, Mapping[str, Any]]] = {"mem": _MEMORY}
    place: ClassVar[int] = 60

    wait_first: float = parameter(0.05, "cpu: run-queue wait / run time, first limit", low=0)
    wait_second: float = parameter(0.2, "the same, second limit", low=0)
    steal_first: float = parameter(0.05, "cpu: time stolen / run time, first limit", low=0)
    steal_second: float = parameter(0.2, "the same, second limit", low=0)
    pressure_first: float = parameter(0.1, "share of time some task waited, first limit", low=0)
    pressure_second: float = parameter(0.4, "the same, second limit", low=0)
    stall_first: float = parameter(0.01, "memory: time every task waited, first limit", low=0)
    stall_second: float = parameter(0.1, "the same, second limit", low=0)
    swap_in: float = parameter(0.0, "memory: swapped in by guests, MiB/s, first limit", low=0)
    faults: float = parameter(100.0, "memory: major faults of VMs, 1/s, first limit", low=0)

    def limits(self, offer: Offer, facts: Facts) -> Sequence[Limit]:
        """Two limits for each signal of the resource."""
        found = []
        for name, (first, second) in self._pairs():
            if name not in facts.signals and name not in facts.told:
                continue
            value = facts.signal(name)
            least = first if second is None else min(first, second)
            top = np.inf if second is None else second
            long = (value > top) | np.isinf(value)
            slow = (value > least) & ~long
            found += [
                Limit(f"{name} 1", "held", slow, at_most=facts.standing),
                Limit(f"{name} 2", "fallback", long, offer.allocated, facts.standing),
            ]
        return found

    def sentence(self, case: str, facts: Facts, node: int) -> str:
        """Which signal is above which limit."""
        name, _, which = case.partition(" ")
        value = facts.signal(name)[node]
        what = _WORDS[name]
        then = "no more is offered than before" if which == "1" else "VMs count at their allocation"
        if np.isinf(value):
            return f"{what} is no longer reported: {then}."
        limit = dict(self._pairs())[name][int(which) - 1] or 0.0
        shown = percent if name in _SHARES else "{:.3g}".format
        return f"{what} is {shown(value)} (limit {shown(limit)}): {then}."

    def _pairs(self) -> Iterator[tuple[str, tuple[float, float | None]]]:
        for name in _SHARES:
            yield name, (getattr(self, f"{name}_first"), getattr(self, f"{name}_second"))
        yield "swap_in", (self.swap_in, None)
        yield "faults", (self.faults, None)


_SHARES = ("wait", "steal", "pressure", "stall")
_WORDS: Mapping[str, str] = {
    "wait": "Time waited in run queues, per time run,",
    "steal": "Time stolen by the hypervisor below, per time run,",
    "pressure": "Share of time in which some task waited (PSI)",
    "stall": "Share of time in which every task waited (PSI)",
    "swap_in": "Memory that guests read back from swap, in MiB/s,",
    "faults": "Major page faults of VMs, per second,",
}
