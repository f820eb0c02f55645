"""node_exporter."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from scroogevm.telemetry.dialect import MIB, Meaning, Place, Table, TableDialect
from scroogevm.telemetry.dialects._linux import CPU_MODES

_WRITTEN = "node_textfile_mtime_seconds"
_HOLDS_VMS = re.compile(r"vm|virt|qemu|domain|probe|scrooge", re.IGNORECASE)
"""In the name of a file of metrics: it may be of VMs. Others may be old for good reasons."""


@dataclass(frozen=True)
class NodeExporter(TableDialect):
    """The node, beside an exporter that knows its VMs.

    The collectors cpu, meminfo, pressure, schedstat and time are read; each may be missing.
    """

    formula = "node_*"
    source = "https://github.com/prometheus/node_exporter"

    order: ClassVar[int] = 50
    node: ClassVar[Table] = {
        "node_time_seconds": (Meaning("clock"), Meaning("textfile_clock")),
        "node_cpu_seconds_total": (
            Meaning("cores", where={"mode": ("idle",)}, count=True),
            *CPU_MODES,
        ),
        "node_memory_MemTotal_bytes": (Meaning("mem_total", MIB),),
        "node_memory_MemAvailable_bytes": (Meaning("mem_available", MIB),),
        "node_memory_HugePages_Free": (Meaning("huge_free_pages"),),
        "node_memory_HugePages_Rsvd": (Meaning("huge_reserved_pages"),),
        "node_memory_Hugepagesize_bytes": (Meaning("huge_page_size", MIB),),
        "node_schedstat_waiting_seconds_total": (Meaning("wait_time"),),
        "node_pressure_cpu_waiting_seconds_total": (Meaning("cpu_pressure_time"),),
        "node_pressure_memory_waiting_seconds_total": (Meaning("mem_pressure_time"),),
        "node_pressure_memory_stalled_seconds_total": (Meaning("mem_stall_time"),),
        _WRITTEN: (Meaning("textfile_time"), Meaning("textfiles", count=True)),
    }

    def places(self, name: str, labels: Mapping[str, str]) -> Sequence[Place]:
        """What the table says; of textfiles only of those that may hold VMs."""
        if name == _WRITTEN and not _HOLDS_VMS.search(labels.get("file", "").rpartition("/")[2]):
            return ()
        return super().places(name, labels)
