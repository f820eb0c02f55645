"""Maps series of an exporter to terms: a dialect is mostly a table of names."""

import re
from abc import ABC, abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from scroogevm.ports import DIALECTS
from scroogevm.registry import Plugin


@dataclass(frozen=True, slots=True)
class Place:
    """Where the value of a series goes; series of the same VM and term are summed.

    Attributes:
        vm: name of the VM; None for the node itself.
        term: of ``terms.VM`` or ``terms.NODE``.
        factor: from the unit of the series to that of the term.
        count: each series counts as one, whatever its value.
    """

    vm: str | None
    term: str
    factor: float = 1.0
    count: bool = False


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a metric means.

    Attributes:
        term: what it counts towards.
        factor: from its unit to that of the term.
        where: labels that a series must have, with the values that are meant.
        count: each series counts as one, whatever its value.
    """

    term: str
    factor: float = 1.0
    where: Mapping[str, Sequence[str]] = field(default_factory=dict)
    count: bool = False

    def holds(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels is meant."""
        return all(labels.get(label) in values for label, values in self.where.items())

    def place(self, vm: str | None) -> Place:
        """Where values of the node, or of a VM, go."""
        return Place(vm, self.term, self.factor, self.count)


Table = Mapping[str, Sequence[Meaning]]
"""What each metric means, by its name."""

PARTS = ("cpu", "mode", "vcpu")
"""Labels by which exporters tell the parts of a sum."""

MIB = 2.0**-20
"""From bytes to MiB."""


class Dialect(Plugin, ABC):
    """The names that one exporter uses. One file in ``telemetry/dialects/``.

    Attributes:
        order: its rank.
    """

    order: ClassVar[int]

    @property
    def name(self) -> str:
        """As it is asked for."""
        return type(self).__module__.rpartition(".")[2].replace("_", "-")

    @property
    def rank(self) -> int:
        """Where several dialects say the same of a node, the lowest is believed."""
        return self.order

    @abstractmethod
    def places(self, name: str, labels: Mapping[str, str]) -> Sequence[Place]:
        """Where the values of a series go; nowhere when it is not of this dialect.

        Args:
            name: of the metric.
            labels: of the series, by name.
        """

    def part(self, name: str, labels: Mapping[str, str]) -> Sequence[str]:
        """Which part of a sum a series is: two that are the same part say the same thing twice.

        Args:
            name: of the metric.
            labels: of the series, by name.
        """
        return name, *(labels.get(label, "") for label in PARTS)

    def patterns(self, node: Collection[str], vm: Collection[str]) -> Sequence[str]:
        """Which metrics may count towards some terms, for a server that is asked for them.

        Args:
            node: terms of the node.
            vm: terms of VMs.

        Returns:
            Regular expressions that match whole names, in the common part of Python and RE2.
        """
        del node, vm
        return ()


class TableDialect(Dialect):
    """A dialect that is only data.

    Attributes:
        node: metrics of the node.
        vm: metrics of VMs.
    """

    node: ClassVar[Table] = {}
    vm: ClassVar[Table] = {}

    @property
    def vm_label(self) -> str:
        """The label whose value is the name of a VM."""
        return "domain"

    def accepts(self, labels: Mapping[str, str]) -> bool:
        """Whether a series with these labels may be of this exporter."""
        del labels
        return True

    def places(self, name: str, labels: Mapping[str, str]) -> Sequence[Place]:
        """What the tables say."""
        if not (name in self.node or name in self.vm) or not self.accepts(labels):
            return ()
        places = [
            meaning.place(None) for meaning in self.node.get(name, ()) if meaning.holds(labels)
        ]
        vm = labels.get(self.vm_label)
        if vm:
            places += [
                meaning.place(vm) for meaning in self.vm.get(name, ()) if meaning.holds(labels)
            ]
        return places

    def patterns(self, node: Collection[str], vm: Collection[str]) -> Sequence[str]:
        """What the tables say."""
        return [
            re.escape(name)
            for table, terms in ((self.node, node), (self.vm, vm))
            for name, meanings in table.items()
            if any(meaning.term in terms for meaning in meanings)
        ]


def every_dialect() -> Sequence[Dialect]:
    """Every dialect there is, as it is by default, the most believed one first."""
    return ranked([DIALECTS.build(name) for name in DIALECTS.names])


def ranked(dialects: Sequence[Dialect]) -> Sequence[Dialect]:
    """Dialects in order of their rank."""
    return sorted(dialects, key=lambda dialect: (dialect.rank, dialect.name))
