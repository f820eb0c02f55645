"""Metric names that a user defines for unknown exporters or forks.

```toml
[collect.names]
libvirt_dom_cpu_seconds = { term = "cpu_time", vm = "domain" }
libvirt_dom_balloon_kib = { term = "mem_current", vm = "domain", factor = 0.0009765625 }
libvirt_domain_vcpu_steal_seconds = { term = "delay_time", vm = "domain", dialect = "inovex" }
host_cpu_seconds = { term = "cpu_time", where = { mode = ["user", "system"] } }
```
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import Any, ClassVar

from scroogevm.errors import MisuseError
from scroogevm.ports import DIALECTS
from scroogevm.registry import Spec, parameters
from scroogevm.telemetry import terms
from scroogevm.telemetry.dialect import Dialect, Meaning, Place, ranked

_KEYS = ("term", "vm", "factor", "where", "count", "dialect")


@dataclass(frozen=True)
class CustomDialect(Dialect):
    """Names that a user wrote down: a dialect that is believed before all others, or part of one.

    Attributes:
        meanings: what each metric means, by its name.
        labels: the label that names its VM, by the name of the metric; none for the node.
        base: the dialect that they are added to, if any.
    """

    order: ClassVar[int] = 0

    meanings: Mapping[str, Meaning]
    labels: Mapping[str, str]
    base: Dialect | None = None

    @property
    def name(self) -> str:
        """That of the dialect they are added to."""
        return self.base.name if self.base else super().name

    @property
    def rank(self) -> int:
        """Likewise."""
        return self.base.rank if self.base else self.order

    def places(self, name: str, labels: Mapping[str, str]) -> Sequence[Place]:
        """What the user wrote, and else what the dialect says."""
        meaning = self.meanings.get(name)
        if meaning is None:
            return self.base.places(name, labels) if self.base else ()
        if not meaning.holds(labels):
            return ()
        if name not in self.labels:
            return (meaning.place(None),)
        vm = labels.get(self.labels[name])
        return (meaning.place(vm),) if vm else ()

    def part(self, name: str, labels: Mapping[str, str]) -> Sequence[str]:
        """Whatever differs is another part, where the user wrote the name down."""
        if name in self.meanings or self.base is None:
            return name, *(f"{label}={value}" for label, value in sorted(labels.items()))
        return self.base.part(name, labels)

    def patterns(self, node: Collection[str], vm: Collection[str]) -> Sequence[str]:
        """The names themselves, and what the dialect says."""
        mine = [
            re.escape(name)
            for name, meaning in self.meanings.items()
            if meaning.term in (vm if name in self.labels else node)
        ]
        return [*mine, *(self.base.patterns(node, vm) if self.base else ())]


Options = Mapping[str, Mapping[str, Any]]
"""Parameters of dialects, by dialect."""


def dialects(options: Options, table: Mapping[str, Any], vm_label: str = "") -> Sequence[Dialect]:
    """Every dialect, as a user set it up: ``collect.dialects`` and ``collect.names``.

    Args:
        options: parameters of some of them; dashes in their names are underscores.
        table: see ``with_names``.
        vm_label: the label that names a VM, in all dialects that have one; empty for their own.

    Raises:
        MisuseError: there is no such dialect or parameter, or see ``with_names``.
    """
    for name in options:
        DIALECTS.load(name)
    built = [_dialect(name, options.get(name, {}), vm_label) for name in DIALECTS.names]
    return with_names(built, table)


def _dialect(name: str, options: Mapping[str, Any], vm_label: str) -> Dialect:
    pairs = {key.replace("-", "_"): Spec(str(value)) for key, value in options.items()}
    if vm_label and any(item.name == "vm_label" for item in parameters(DIALECTS.load(name))):
        pairs["vm_label"] = Spec(vm_label)
    dialect: Dialect = DIALECTS.build(Spec(name, pairs))
    return dialect


def with_names(
    dialects: Sequence[Dialect], table: Mapping[str, Any], where: str = "collect.names"
) -> Sequence[Dialect]:
    """Dialects with the names that a user wrote down, the most believed one first.

    Args:
        dialects: those there are.
        table: by name of a metric: ``term``, and where they are needed ``vm``, the label that names
            the VM, ``factor``, ``where``, values of labels that are meant, ``count``, and
            ``dialect``, the one that the name is added to: all VMs of a node are taken from one
            dialect, so a name that only a fork has belongs to the dialect of that exporter.
        where: where the table stands, for messages.

    Raises:
        MisuseError: with every problem there is.

    >>> names, = with_names([], {"dom_cpu_ns": {"term": "cpu_time", "vm": "dom", "factor": 1e-9}})
    >>> names.places("dom_cpu_ns", {"dom": "web"})
    (Place(vm='web', term='cpu_time', factor=1e-09, count=False),)
    """
    known = {dialect.name: dialect for dialect in dialects}
    problems = [
        f"{name}: {problem}"
        for name, entry in table.items()
        for problem in _problems(entry, list(known))
    ]
    if problems:
        raise MisuseError("; ".join(problems), where=where)
    extended: dict[str, Dialect] = dict(known)
    for base in dict.fromkeys(entry.get("dialect", "") for entry in table.values()):
        entries = {n: entry for n, entry in table.items() if entry.get("dialect", "") == base}
        names = CustomDialect(
            {name: _meaning(entry) for name, entry in entries.items()},
            {name: entry["vm"] for name, entry in entries.items() if "vm" in entry},
            known.get(base),
        )
        extended[names.name] = names
    return ranked(list(extended.values()))


def _meaning(entry: Mapping[str, Any]) -> Meaning:
    conditions = {
        label: (values,) if isinstance(values, str) else tuple(values)
        for label, values in entry.get("where", {}).items()
    }
    factor, count = entry.get("factor", 1.0), entry.get("count", False)
    return Meaning(entry["term"], float(factor), conditions, count)


def _problems(entry: Any, dialects: Sequence[str]) -> Sequence[str]:
    if not isinstance(entry, dict):
        return [f'is {entry!r}, not a table such as {{ term = "cpu_time", vm = "domain" }}']
    problems = [f"unknown key {key!r}{_near(key, _KEYS)}" for key in entry if key not in _KEYS]
    vm, factor = entry.get("vm"), entry.get("factor", 1.0)
    if vm is not None and not (isinstance(vm, str) and vm):
        problems.append(f"vm is {vm!r}, not the name of a label")
    problems += _term_problems(entry.get("term"), of_vm=vm is not None)
    if isinstance(factor, bool) or not isinstance(factor, int | float):
        problems.append(f"factor is {factor!r}, not a number")
    elif not (isfinite(factor) and factor > 0):
        problems.append(f"factor is {factor:g}, not above 0")
    if not isinstance(entry.get("count", False), bool):
        problems.append(f"count is {entry['count']!r}, not true or false")
    base = entry.get("dialect")
    if base is not None and base not in dialects:
        problems.append(f"unknown dialect {base!r}{_near(base, dialects)}")
    if not _are_labels(entry.get("where", {})):
        problems.append(f"where is {entry['where']!r}, not values of labels")
    return problems


def _term_problems(term: Any, *, of_vm: bool) -> Sequence[str]:
    if term is None:
        return ["term is missing"]
    known, other = (terms.VM, terms.NODE) if of_vm else (terms.NODE, terms.VM)
    owner = "a VM" if of_vm else "a node"
    problem = f"{term!r} is not a term of {owner}"
    if not isinstance(term, str):
        return [problem]
    if term in known:
        return []
    if term in other:
        remedy = "leave vm out" if of_vm else "vm must be the label that names the VM"
        return [f"{problem}, {remedy}"]
    return [problem + _near(term, known)]


def _are_labels(where: Any) -> bool:
    return isinstance(where, dict) and all(
        isinstance(values, str)
        or (isinstance(values, list) and values and all(isinstance(each, str) for each in values))
        for values in where.values()
    )


def _near(word: Any, known: "Sequence[str] | Mapping[str, Any]") -> str:
    near = get_close_matches(str(word), list(known), n=1)
    return f", did you mean {near[0]!r}?" if near else f": there are {', '.join(known)}"
