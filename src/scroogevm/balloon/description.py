"""Reads the memory settings from libvirt's description of a VM."""

from typing import NamedTuple
from xml.etree import ElementTree as ET

import numpy as np

from scroogevm.hypervisor.openstack import NAMESPACES

SETTINGS = "urn:scroogevm:memory"
"""Namespace of what an operator writes into the metadata of a VM:
``<s:memory xmlns:s="urn:scroogevm:memory" minimum="512" weight="2"/>``, MiB and shares."""
MARK = "urn:scroogevm:balloon"
"""Namespace of what this program writes there while it holds a VM."""
CHANNEL = "org.qemu.guest_agent.0"
"""Name of the channel to the QEMU guest agent."""
_KIB_OF = {"b": 1 / 1024, "bytes": 1 / 1024, "KiB": 1, "k": 1, "MiB": 1024, "M": 1024, "GiB": 2**20}


class Mark(NamedTuple):
    """Who holds a VM.

    Attributes:
        owner: names the program.
        until: when the mark stops to count, seconds since 1970.
        original: MiB that the VM had before it was first shrunk.
    """

    owner: str
    until: float
    original: float


class Description(NamedTuple):
    """A VM as it is defined.

    Attributes:
        device: whether it has a balloon.
        deflates: whether its guest may deflate the balloon by itself before it runs out of memory.
        period: seconds between refreshes of its statistics, 0 for never.
        locked: whether its memory is locked.
        hugepages: whether its memory is in huge pages.
        passthrough: whether a device of the host is passed to it.
        minimum: MiB below which it must not be shrunk; NaN where nobody says.
        weight: its shares against those of others; NaN where nobody says.
        flavor: of OpenStack; empty where there is none.
        mark: of the program that shrank it since it was started; None for none.
        agent: whether it has a channel to a guest agent, which may not be there.
    """

    device: bool
    deflates: bool = False
    period: float = 0.0
    locked: bool = False
    hugepages: bool = False
    passthrough: bool = False
    minimum: float = np.nan
    weight: float = np.nan
    flavor: str = ""
    mark: Mark | None = None
    agent: bool = False


UNKNOWN = Description(device=False)
"""What is said of a VM whose description cannot be read: it is not touched."""


def described(text: str) -> Description:
    """What a description says; ``UNKNOWN`` where it is none.

    >>> balloon = "<memballoon model='virtio'><stats period='5'/></memballoon>"
    >>> vm = described(f"<domain><devices>{balloon}</devices></domain>")
    >>> vm.device, vm.period, described("<").device
    (True, 5.0, False)
    """
    try:
        root = ET.fromstring(text)  # noqa: S314  # libvirt wrote it: it has no entities
    except ET.ParseError:
        return UNKNOWN
    balloon = root.find("devices/memballoon")
    if balloon is None or balloon.get("model") in (None, "none"):
        return UNKNOWN
    stats, backing = balloon.find("stats"), root.find("memoryBacking")
    own = root.find(f"metadata/{{{SETTINGS}}}memory")
    guaranteed = root.find("memtune/min_guarantee")
    mark = root.find(f"metadata/{{{MARK}}}held")
    return Description(
        device=True,
        deflates=balloon.get("autodeflate") == "on",
        period=_number(None if stats is None else stats.get("period"), 0.0),
        locked=backing is not None and backing.find("locked") is not None,
        hugepages=backing is not None and backing.find("hugepages") is not None,
        passthrough=any(_is_passed(each) for each in root.iterfind("devices/*")),
        minimum=np.fmax(
            _number(None if own is None else own.get("minimum"), np.nan), _mib(guaranteed)
        ),
        weight=_number(None if own is None else own.get("weight"), np.nan),
        flavor=_flavor(root),
        mark=None if mark is None else mark_in(mark),
        agent=any(each.get("name") == CHANNEL for each in root.iterfind("devices/channel/target")),
    )


def mark_in(element: ET.Element) -> Mark | None:
    """The mark that an element is; None where it makes no sense."""
    until, original = (_number(element.get(name), np.nan) for name in ("until", "original"))
    owner = element.get("owner", "")
    return Mark(owner, until, original) if owner and until + original >= 0 else None


def _flavor(root: ET.Element) -> str:
    found = (root.find(f"metadata/{{{space}}}instance/{{{space}}}flavor") for space in NAMESPACES)
    return next((each.get("name", "") for each in found if each is not None), "")


def _is_passed(device: ET.Element) -> bool:
    """Whether a device is one of the host; of USB ones the memory is not pinned."""
    kind = device.get("type")
    if device.tag == "hostdev":
        return kind != "usb"
    return device.tag == "interface" and kind == "hostdev"


def _mib(element: ET.Element | None) -> float:
    if element is None:
        return np.nan
    return _number(element.text, np.nan) * _KIB_OF.get(element.get("unit", "KiB"), np.nan) / 1024


def _number(text: str | None, otherwise: float) -> float:
    try:
        found = float(text or "")
    except ValueError:
        return otherwise
    return found if 0 <= found < 1e12 else otherwise
