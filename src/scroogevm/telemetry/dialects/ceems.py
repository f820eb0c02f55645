"""CEEMS."""

from dataclasses import dataclass
from typing import ClassVar

from scroogevm.registry import parameter
from scroogevm.telemetry.dialect import MIB, Meaning, Table, TableDialect
from scroogevm.telemetry.dialects._linux import CPU_MODES

_VMS = {"manager": ("libvirt",)}


@dataclass(frozen=True)
class Ceems(TableDialect):
    """The exporter of CEEMS on a node of OpenStack: what the cgroups of VMs say, and of the node.

    It knows VMs by UUID, and says nothing of memory in the guest. Whether its collector of libvirt
    succeeded says whether it can tell which VMs there are.
    """

    formula = "ceems_compute_unit_*{uuid, manager=libvirt}, ceems_*"
    source = "https://github.com/ceems-dev/ceems"

    order: ClassVar[int] = 60
    node: ClassVar[Table] = {
        "ceems_cpu_count": (Meaning("cores"),),
        "ceems_cpu_seconds_total": CPU_MODES,
        "ceems_meminfo_MemTotal_bytes": (Meaning("mem_total", MIB),),
        "ceems_meminfo_MemAvailable_bytes": (Meaning("mem_available", MIB),),
        "ceems_scrape_collector_success": (Meaning("vms_up", where={"collector": ("libvirt",)}),),
    }
    vm: ClassVar[Table] = {
        "ceems_compute_unit_cpus": (Meaning("vcpus", where=_VMS),),
        "ceems_compute_unit_cpu_user_seconds_total": (Meaning("cpu_time", where=_VMS),),
        "ceems_compute_unit_cpu_system_seconds_total": (Meaning("cpu_time", where=_VMS),),
        "ceems_compute_unit_memory_total_bytes": (Meaning("mem_current", MIB, _VMS),),
        "ceems_compute_unit_memory_rss_bytes": (Meaning("rss", MIB, _VMS),),
    }

    vm_label: str = parameter("uuid", "label that names a VM")
