"""Lists plug-ins as rows, for the command line, the docs and the tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any

from scroogevm.registry.family import Family
from scroogevm.registry.parameters import Parameter, Plugin, parameters


@dataclass(frozen=True)
class Entry:
    """One plug-in of a family.

    Attributes:
        name: as written in a spec.
        aliases: further names it answers to.
        summary: the first line of its docstring.
        formula: one line.
        source: where it comes from.
        parameters: what can be set.
        resource_defaults: defaults that differ for a resource.
    """

    name: str
    aliases: Sequence[str]
    summary: str
    formula: str
    source: str
    parameters: Sequence[Parameter]
    resource_defaults: dict[str, dict[str, Any]]

    @property
    def combines(self) -> bool:
        """Whether it takes other plug-ins, which must be given."""
        return any(item.default is None for item in self.parameters)

    @property
    def written(self) -> Sequence[str]:
        """The default of each parameter as written in a spec: ``99 (mem 100)``; empty if none."""
        return [self._written(item) for item in self.parameters]

    def _written(self, item: Parameter) -> str:
        if item.default is None:
            return ""
        differing = ", ".join(
            f"{resource} {_plain(values[item.name])}"
            for resource, values in self.resource_defaults.items()
            if item.name in values
        )
        return f"{_plain(item.default)} ({differing})" if differing else _plain(item.default)

    def to_dict(self) -> dict[str, Any]:
        """The plug-in as data for JSON."""
        return {
            "name": self.name,
            "aliases": list(self.aliases),
            "summary": self.summary,
            "formula": self.formula,
            "source": self.source,
            "parameters": [
                {
                    "name": item.name,
                    "meaning": item.meaning,
                    "default": default,
                    "low": item.low,
                    "high": item.high,
                }
                for item, default in zip(self.parameters, self.written, strict=True)
            ],
        }


def catalogue(family: Family) -> Sequence[Entry]:
    """Every plug-in of a family, by name."""
    return [_entry(family, name) for name in family.names]


def _plain(value: Any) -> str:
    """A value as it is written in a spec."""
    if isinstance(value, Plugin):
        return type(value).__module__.rpartition(".")[2].replace("_", "-")
    if isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def _entry(family: Family, name: str) -> Entry:
    plugin = family.load(name)
    return Entry(
        name=name,
        aliases=tuple(plugin.aliases),
        summary=cleandoc(plugin.__doc__ or "").split("\n", 1)[0],
        formula=plugin.formula,
        source=plugin.source,
        parameters=parameters(plugin),
        resource_defaults={r: dict(values) for r, values in plugin.resource_defaults.items()},
    )
