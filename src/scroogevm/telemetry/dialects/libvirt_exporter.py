"""Debian's libvirt exporter."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from scroogevm.registry import parameter
from scroogevm.telemetry.dialect import Table, TableDialect
from scroogevm.telemetry.dialects import _libvirt


@dataclass(frozen=True)
class LibvirtExporter(TableDialect):
    """prometheus-libvirt-exporter as Debian has it: every series has the UUID of the VM.

    It says nothing of memory in the guest and nothing of the node, which node_exporter adds. Forks
    that have the UUID too, and more numbers under the names that the inovex exporter uses, are
    understood likewise. With `--libvirt.export-nova-metadata`, `vm_label=name` names VMs as
    OpenStack does.
    """

    formula = "libvirt_domain_info_*{domain, uuid}"
    source = "https://tracker.debian.org/pkg/prometheus-libvirt-exporter"

    order: ClassVar[int] = 40
    node: ClassVar[Table] = _libvirt.NODE
    vm: ClassVar[Table] = _libvirt.VM

    vm_label: str = parameter("domain", "label that names a VM")

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Those with a UUID."""
        return "uuid" in labels
