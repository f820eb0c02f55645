"""The libvirt exporter of inovex."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from scroogevm.registry import parameter
from scroogevm.telemetry.dialect import Meaning, Table, TableDialect
from scroogevm.telemetry.dialects import _libvirt


@dataclass(frozen=True)
class Inovex(TableDialect):
    """prometheus-libvirt-exporter of inovex: memory in the guest, and how long vCPUs waited.

    It says nothing of the node, which node_exporter adds. A VM of which only its name and state are
    told, as while libvirt holds its lock, is listed without numbers.
    """

    formula = "libvirt_domain_*{domain}"
    source = "https://github.com/inovex/prometheus-libvirt-exporter"

    order: ClassVar[int] = 30
    node: ClassVar[Table] = _libvirt.NODE
    vm: ClassVar[Table] = {
        "libvirt_domain_openstack_info": (Meaning("listed", count=True),),
        "libvirt_domain_info": (Meaning("listed", count=True),),
        **_libvirt.VM,
    }

    vm_label: str = parameter("domain", "label that names a VM")

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Those without a UUID: Debian's exporter has one."""
        return "uuid" not in labels
