"""Computes quantities of ``core.samples`` from terms, each with a formula."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.telemetry.rates import LONGEST, rate

_SHUT_OFF = 5.0
"""State of libvirt in which a VM holds nothing of the node; one that crashed, 6, still does."""

ABSURD = 2.0
"""Times the whole that no reading is wrong by. Readings that come late by turns make rates that are
too high beside such that are too low: a limit that only leaves out the high ones would lower every
mean of a busy node."""


@dataclass(frozen=True, eq=False)
class Pair:
    """Terms now and one reading before; the elements are VMs, nodes, or rows of them.

    Attributes:
        size: how many elements.
        now: by term, (size,); one that is absent is missing.
        before: likewise, NaN for elements that were not there.
        elapsed: (size,), seconds between the two, NaN where no rate must be made of them.
        clock: (size,), seconds since 1970, by the clock that guest statistics are stamped with.
        longest: seconds between the two above which there is no rate.
    """

    size: int
    now: Mapping[str, Floats]
    before: Mapping[str, Floats]
    elapsed: Floats
    clock: Floats
    longest: Floats | float = LONGEST

    def gauge(self, term: str) -> Floats:
        """A term as it is; what is negative or not finite is missing."""
        found = self.now.get(term)
        if found is None:
            return np.full(self.size, np.nan)
        return np.where((found >= 0) & np.isfinite(found), found, np.nan)

    def positive(self, term: str) -> Floats:
        """Likewise; zero is what some exporters say for nothing known."""
        found = self.gauge(term)
        return np.where(found > 0, found, np.nan)

    def rate(self, term: str) -> Floats:
        """Of a counter."""
        if term not in self.now or term not in self.before:
            return np.full(self.size, np.nan)
        return rate(self.now[term], self.before[term], self.elapsed, self.longest)

    def told_rate(self, term: str) -> Floats:
        """Of a counter that is never zero, unless the kernel does not count it."""
        return np.where(self.gauge(term) > 0, self.rate(term), np.nan)


Formula = Callable[[Pair], Floats]


def _node_memory(pair: Pair) -> Floats:
    """Total - available - free hugepages, never negative.

    VMs backed by hugepages can have free ones, which are no available memory.
    """
    total = pair.positive("mem_total")
    free = _free_hugepages(pair)
    known = np.where(free <= total, free, 0.0)  # more than there is cannot be true
    return np.maximum(total - pair.gauge("mem_available") - known, 0.0)


def _free_hugepages(pair: Pair) -> Floats:
    """Memory in free hugepages that no process was promised: free - reserved; NaN if unknown.

    Some exporters tell the memory of all sizes, others pages of one size.
    """
    told = pair.gauge("huge_free") - pair.gauge("huge_reserved")
    pages = pair.gauge("huge_free_pages") - pair.gauge("huge_reserved_pages")
    with np.errstate(over="ignore"):  # of nonsense
        counted = pages * pair.positive("huge_page_size")
    return np.maximum(np.where(np.isnan(told), counted, told), 0.0)


def _guest_memory(pair: Pair) -> Floats:
    """Total - usable; total - unused where the guest does not say what is usable."""
    total, usable = pair.positive("guest_total"), pair.positive("guest_usable")
    free = np.where(np.isnan(usable), pair.positive("guest_unused"), usable)
    return np.maximum(total - free, 0.0)


def _age(pair: Pair) -> Floats:
    """Time since the guest spoke of its memory."""
    return np.maximum(pair.clock - pair.positive("guest_time"), 0.0)


NODE: Mapping[str, Formula] = {
    "cpu": lambda pair: pair.positive("cores"),
    "mem": lambda pair: pair.positive("mem_total"),
    "cpu_usage": lambda pair: pair.rate("cpu_time"),
    "mem_usage": _node_memory,
    "cpu_wait": lambda pair: pair.told_rate("wait_time"),
    "cpu_pressure": lambda pair: pair.rate("cpu_pressure_time"),
    "mem_pressure": lambda pair: pair.rate("mem_pressure_time"),
    "mem_stall": lambda pair: pair.rate("mem_stall_time"),
    "cpu_steal": lambda pair: pair.rate("steal_time"),
}
"""By quantity of ``core.samples.NODE``."""

VM: Mapping[str, Formula] = {
    "cpu": lambda pair: pair.positive("vcpus"),
    "mem": lambda pair: pair.positive("mem_current"),
    "mem_maximum": lambda pair: pair.positive("mem_maximum"),
    "cpu_usage": lambda pair: pair.rate("cpu_time"),
    "mem_usage": _guest_memory,
    "mem_rss": lambda pair: pair.positive("rss"),
    "mem_age": _age,
    "cpu_delay": lambda pair: pair.told_rate("delay_time"),
    "page_faults": lambda pair: pair.rate("page_faults"),
    "major_faults": lambda pair: pair.rate("major_faults"),
    "swap_in": lambda pair: pair.rate("swap_in"),
    "swap_out": lambda pair: pair.rate("swap_out"),
}
"""By quantity of ``core.samples.VM``."""

_SHARES = ("cpu_pressure", "mem_pressure", "mem_stall")


def node_quantities(
    pair: Pair, wanted: Collection[str] | None = None
) -> tuple[Mapping[str, Floats], int]:
    """Quantities of nodes, and how many values were absurd and are missing for that.

    Usage and steal of more than ``ABSURD`` times the cores, and shares of more than that, are.

    Args:
        pair: elements are nodes, or rows of them.
        wanted: quantities; all when it is left out.
    """
    cores = ABSURD * NODE["cpu"](pair)
    limits = {"cpu_usage": cores, "cpu_steal": cores}
    limits |= dict.fromkeys(_SHARES, np.full(pair.size, ABSURD))
    return _limited(_values(NODE, pair, wanted), limits)


def vm_quantities(
    pair: Pair, cores: Floats | float = np.nan, wanted: Collection[str] | None = None
) -> tuple[Mapping[str, Floats], int]:
    """Quantities of VMs, and how many values were absurd and are missing for that.

    The threads of a VM that serve its disks and networks use cpu beside its vCPUs, so usage of up
    to ``ABSURD`` times the vCPUs and one more is believed; but no more than that of the node.

    Args:
        pair: elements are VMs, or rows of them.
        cores: of the node of each, NaN where that is not known.
        wanted: quantities; all when it is left out.
    """
    limit = ABSURD * np.fmin(VM["cpu"](pair) + 1.0, np.asarray(cores))
    return _limited(_values(VM, pair, wanted), {"cpu_usage": limit})


def there(terms: Mapping[str, Floats], size: int) -> Bools:
    """Which VMs hold something of the node: those not known to be shut off."""
    state = terms.get("state")
    return np.ones(size, np.bool_) if state is None else np.asarray(state != _SHUT_OFF, np.bool_)


def _values(
    formulas: Mapping[str, Formula], pair: Pair, wanted: Collection[str] | None
) -> Mapping[str, Floats]:
    return {
        quantity: formula(pair)
        for quantity, formula in formulas.items()
        if wanted is None or quantity in wanted
    }


def _limited(
    values: Mapping[str, Floats], limits: Mapping[str, Floats]
) -> tuple[Mapping[str, Floats], int]:
    """Values above their limit become missing."""
    absurd = {name: value > limits[name] for name, value in values.items() if name in limits}
    kept = {
        name: np.where(absurd[name], np.nan, value) if name in absurd else value
        for name, value in values.items()
    }
    return kept, sum(int(np.count_nonzero(each)) for each in absurd.values())
