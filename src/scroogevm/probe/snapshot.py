"""The values that were read at one moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite


class Values(dict[tuple[str, str], float]):
    """Numbers by the name of their metric and the value of its own label, ``""`` where it has none.

    Names are those of ``telemetry.metrics``; a name that is not declared there is for vmprobe's
    pipeline alone.

    >>> values = Values()
    >>> values.put("scrooge_node_cpus", 2)
    >>> values.put("scrooge_node_memory_free_bytes", None)
    >>> values
    {('scrooge_node_cpus', ''): 2.0}
    """

    def put(self, name: str, value: float | None, label: str = "") -> None:
        """Keep a number; what is unknown is left out, never zero."""
        if value is not None and isfinite(value):
            self[name, label] = float(value)

    def of(self, name: str, label: str = "") -> float | None:
        """The number, or None where it is unknown."""
        return self.get((name, label))


@dataclass(frozen=True, eq=False)
class Domain:
    """One VM.

    Attributes:
        name: as libvirt has it.
        uuid: likewise.
        values: what was read of it.
        openstack: name, flavor and project, where OpenStack made it.
    """

    name: str
    uuid: str
    values: Values
    openstack: tuple[str, str, str] | None = None


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Everything that was read at one moment.

    Attributes:
        values: of the node, and of the probe itself.
        domains: the VMs.
        blind: what could not be seen, a capability each, and why.
    """

    values: Values
    domains: Sequence[Domain] = ()
    blind: Mapping[str, str] = field(default_factory=dict)
