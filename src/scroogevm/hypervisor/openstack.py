"""Reads OpenStack's metadata from the description of a VM."""

from xml.etree import ElementTree as ET

NAMESPACES = (
    "http://openstack.org/xmlns/libvirt/nova/1.1",
    "http://openstack.org/xmlns/libvirt/nova/1.0",
)
"""Newest first; libvirt is asked for an element of one of these."""


def read_openstack(element: str) -> tuple[str, str, str] | None:
    """Name, flavor and project of an instance; what is not said is empty.

    >>> space = NAMESPACES[0]
    >>> read_openstack(f'<n:instance xmlns:n="{space}"><n:name>web</n:name></n:instance>')
    ('web', '', '')
    """
    try:
        root = ET.fromstring(element)  # noqa: S314  # libvirt parsed it before: no entities are left
    except ET.ParseError:
        return None
    space = root.tag.rpartition("}")[0] + "}" if "}" in root.tag else ""
    flavor = root.find(f"{space}flavor")
    return (
        root.findtext(f"{space}name", ""),
        "" if flavor is None else flavor.get("name", ""),
        root.findtext(f"{space}owner/{space}project", ""),
    )
