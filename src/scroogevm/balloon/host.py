"""Reads the memory of a node: from the local kernel, or from libvirt."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from scroogevm.balloon.facts import Host
from scroogevm.hypervisor.files import keyed, text, total

_KIB = 1 / 1024
"""MiB."""
_PAGE = 4096 / 2**20
"""MiB of a page, in which /proc/vmstat counts."""


def is_here(uri: str) -> bool:
    """Whether libvirt of this machine is meant, with VMs that are real.

    >>> is_here("qemu:///system"), is_here("qemu+ssh://root@n1/system"), is_here("test:///default")
    (True, False, False)
    """
    parts = urlsplit(uri)
    return not parts.hostname and not parts.scheme.startswith("test")


@dataclass
class HostGauges:
    """The node, looked at again and again.

    Attributes:
        procfs: where its kernel tells, where it is this machine.
    """

    procfs: Path = Path("/proc")
    _counts: dict[str, float] = field(default_factory=dict)

    def local(self, clock: float) -> Host:
        """The node that this machine is; rates are since the last look.

        Args:
            clock: seconds by a clock that never jumps.
        """
        known = keyed(text(self.procfs / "meminfo"))
        stats = keyed(text(self.procfs / "vmstat"))
        pressure = text(self.procfs / "pressure" / "memory")
        before, self._counts = (
            self._counts,
            {
                "clock": clock,
                "some": _or_nan(total(pressure, "some")),
                "full": _or_nan(total(pressure, "full")),
                "swap": _or_nan(stats.get("pswpin")) * _PAGE,
            },
        )

        def rate(name: str) -> float:
            passed = clock - before.get("clock", np.nan)
            return max(0.0, self._counts[name] - before.get(name, np.nan)) / passed

        # Hugepages are no memory that a balloon could add to, or that is short because of one.
        huge = known.get("Hugetlb")
        if huge is None:  # kernels before 4.20 tell the default size only
            huge = known.get("HugePages_Total", 0) * known.get("Hugepagesize", 0)
        return Host(
            total=(_or_nan(known.get("MemTotal")) - huge) * _KIB,
            available=_or_nan(known.get("MemAvailable")) * _KIB,
            some=rate("some"),
            full=rate("full"),
            swap_in=rate("swap"),
        )


def remote(connection: Any) -> Host:
    """The node of a connection: what is free, buffered or cached counts as available.

    Raises:
        libvirtError: it does not tell.
    """
    found = connection.getMemoryStats(-1)  # of all cells
    parts = [_or_nan(found.get(name)) for name in ("free", "buffers", "cached")]
    return Host(total=_or_nan(found.get("total")) * _KIB, available=sum(parts) * _KIB)


def _or_nan(value: float | None) -> float:
    return np.nan if value is None else float(value)
