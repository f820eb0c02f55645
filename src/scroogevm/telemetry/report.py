"""Reports what the exporters of a node lack, with the consequence, once."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.telemetry.quantities import there
from scroogevm.telemetry.reading import Reading


class Lack(NamedTuple):
    """Something that may not be said.

    Attributes:
        what: is missing.
        cost: of its being missing.
        ways: groups of terms, each of which says it as a whole.
        of: terms without which it is not worth a word.
    """

    what: str
    cost: str
    ways: Sequence[Sequence[str]]
    of: Sequence[str] = ()


NODE: Sequence[Lack] = (
    Lack("number of cpus", "its capacity is unknown, so it gets no estimate", [["cores"]]),
    Lack(
        "memory size",
        "its capacity is unknown, so it gets no estimate",
        [["mem_total"]],
    ),
    Lack("cpu time", "its cpu gets no estimate", [["cpu_time"]]),
    Lack("available memory", "its memory gets no estimate", [["mem_available"]]),
    Lack(
        "size of hugepages, or number of reserved ones",
        "free hugepages count as used",
        [["huge_page_size", "huge_reserved_pages"]],
        of=["huge_free_pages"],
    ),
    Lack("time", "rates use the time of the scrape, which is less exact", [["clock"]]),
    Lack(
        "pressure or run queues",
        "contention is seen only in its VMs",
        [["cpu_pressure_time"], ["wait_time"]],
    ),
)
"""Of the node, worst first."""

VMS: Sequence[Lack] = (
    Lack("vCPUs", "its node counts as full", [["vcpus"]]),
    Lack("memory size", "its node counts as full", [["mem_current"]]),
    Lack("cpu time", "cpu counts as fully used", [["cpu_time"]]),
    Lack(
        "guest memory statistics",
        "memory counts as fully used",
        [["guest_total", "guest_usable"], ["guest_total", "guest_unused"]],
    ),
    Lack(
        "usable memory",
        "the guest cache counts as used",
        [["guest_usable"]],
        of=["guest_total", "guest_unused"],
    ),
    Lack(
        "time of guest memory statistics",
        "old statistics look like new ones",
        [["guest_time"]],
        of=["guest_total"],
    ),
    Lack("waiting for a cpu", "contention is seen only on the node", [["delay_time"]]),
    Lack("page faults", "a guest that runs short of memory is not detected", [["major_faults"]]),
)
"""Of VMs, worst first."""

_TOLD_AT_ZERO = (
    "cpu_time",
    "cpu_pressure_time",
    "mem_available",
    "major_faults",
    "huge_reserved_pages",
)
"""Terms whose zero says something; of others it is what an exporter says that does not know."""


def lacking(readings: Sequence[Reading]) -> Sequence[str]:
    """A line for each thing that the readings of a node do not say.

    Args:
        readings: of one round, of all targets.

    >>> lacking([Reading("n", 0.0, {"cores": 4.0, "mem_total": 8.0, "cpu_time": 0.0})])[:2]
    ['the exporter reports no available memory; its memory gets no estimate',
     'the exporter reports no time; rates use the time of the scrape, which is less exact']
    """
    if not readings:
        return ["no dialect knows any of the metrics; the node is not seen"]
    ordered = sorted(readings, key=lambda reading: reading.rank)

    def said_of_node(term: str) -> Bools:
        return np.array([any(_says(np.array(r.values.get(term, np.nan)), term) for r in ordered)])

    lines = [
        f"the exporter reports no {lack.what}; {lack.cost}"
        for lack in NODE
        if _lack(lack, said_of_node).any()
    ]
    speaking = next((reading for reading in ordered if reading.vms), None)
    if speaking is not None:
        return [*lines, *_vm_lines(speaking)]
    if any(reading.values.get("vms_up") == 0 for reading in ordered):
        return lines  # that is told by itself, and says nothing of VMs
    return [*lines, "no VM; the node seems to be empty"]


def tells_memory(reading: Reading) -> Bools:
    """(vms,), which VMs a reading tells guest memory statistics of."""
    size = len(reading.vms)
    missing = np.full(size, np.nan)
    memory = next(lack for lack in VMS if lack.what == "guest memory statistics")
    return ~_lack(memory, lambda term: _says(reading.vm_values.get(term, missing), term))


def _vm_lines(reading: Reading) -> Sequence[str]:
    size = len(reading.vms)
    here = there(reading.vm_values, size)
    missing = np.full(size, np.nan)
    unread = here & (reading.vm_values.get("up", missing) == 0)
    seen = here & ~unread
    number = int(np.count_nonzero(seen))

    def said(term: str) -> Bools:
        return _says(reading.vm_values.get(term, missing), term)

    lines = []
    if unread.any():
        lines.append(f"{np.count_nonzero(unread)} of {size} VMs could not be read this time")
    for lack in VMS:
        without = int(np.count_nonzero(seen & _lack(lack, said)))
        if without:
            who = f"{without} of {number} VMs"
            if without == number:
                who = "its one VM" if number == 1 else f"all {number} VMs"
            lines.append(f"{who}: the exporter reports no {lack.what}; {lack.cost}")
    return lines


def _lack(lack: Lack, said: Callable[[str], Bools]) -> Bools:
    """Of which elements it is worth saying that they lack it."""
    ways = [np.logical_and.reduce([said(term) for term in way]) for way in lack.ways]
    lacks = ~np.logical_or.reduce(ways)
    worth = np.logical_and.reduce([lacks, *(said(term) for term in lack.of)])
    return np.asarray(worth, np.bool_)


def _says(values: Floats, term: str) -> Bools:
    return np.asarray(values >= 0 if term in _TOLD_AT_ZERO else values > 0, np.bool_)
