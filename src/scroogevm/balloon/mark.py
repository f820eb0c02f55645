"""The mark of a companion in the metadata of a VM that it shrank, for others to see.

Two programs never hold one VM, wherever they run: a mark counts until its time runs out.
"""

from typing import Any
from xml.etree import ElementTree as ET

from scroogevm.balloon.description import MARK, Mark, mark_in
from scroogevm.hypervisor import library

LEASE = 600.0
"""Seconds that a mark counts; it is renewed when half of them are over."""


class MarkedError(Exception):
    """Another program holds the VM.

    Attributes:
        mark: its mark.
    """

    def __init__(self, mark: Mark) -> None:
        super().__init__(f"another companion ({mark.owner}) holds it")
        self.mark = mark


def mark_of(domain: Any) -> Mark | None:
    """The mark on a VM.

    Raises:
        libvirtError: it cannot be asked.
    """
    virt = library.libvirt()
    try:
        text = domain.metadata(virt.VIR_DOMAIN_METADATA_ELEMENT, MARK, virt.VIR_DOMAIN_AFFECT_LIVE)
    except virt.libvirtError as error:
        if error.get_error_code() == virt.VIR_ERR_NO_DOMAIN_METADATA:
            return None
        raise
    try:
        return mark_in(ET.fromstring(text))  # noqa: S314  # libvirt wrote it: it has no entities
    except ET.ParseError:
        return None


def put_mark(domain: Any, mark: Mark, now: float) -> None:
    """Mark a VM, and see that the mark stays.

    Raises:
        MarkedError: another program holds it.
        libvirtError: it cannot be marked.
    """
    _refuse_others(domain, mark.owner, now)
    values = {
        "owner": mark.owner,
        "until": f"{mark.until:.0f}",
        "original": f"{mark.original:.0f}",
    }
    _set(domain, ET.tostring(ET.Element("held", values), encoding="unicode"))
    _refuse_others(domain, mark.owner, now)  # which wrote at the same time


def _refuse_others(domain: Any, owner: str, now: float) -> None:
    found = mark_of(domain)
    if found is not None and found.owner != owner and found.until > now:
        raise MarkedError(found)


def take_mark(domain: Any, owner: str) -> None:
    """Take the own mark from a VM.

    Raises:
        libvirtError: it cannot be taken.
    """
    found = mark_of(domain)
    if found is not None and found.owner == owner:
        _set(domain, None)


def _set(domain: Any, text: str | None) -> None:
    virt = library.libvirt()
    kind, live = virt.VIR_DOMAIN_METADATA_ELEMENT, virt.VIR_DOMAIN_AFFECT_LIVE
    domain.setMetadata(kind, text, "scroogevm", MARK, live)
