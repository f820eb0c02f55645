"""What there is to choose from, as rows: for the command line, the docs and the tests."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import cleandoc
from typing import Any

from scroogevm.registry.family import Family
from scroogevm.registry.parameters import Parameter, parameters


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
        """Whether it works on others, and so has to be told on which."""
        return any(item.default is None for item in self.parameters)

    @property
    def defaults(self) -> str:
        """Its parameters with their defaults in one line: ``n=5``."""
        shown = []
        for item in self.parameters:
            text = f"{item.name}={written(item)}" if item.default is not None else item.name
            differing = [
                f"{resource} {values[item.name]:g}"
                for resource, values in self.resource_defaults.items()
                if item.name in values
            ]
            shown.append(f"{text} ({', '.join(differing)})" if differing else text)
        return ", ".join(shown)

    def to_dict(self) -> dict[str, Any]:
        """For a program to read."""
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
                    "default": None if item.default is None else written(item),
                    "low": item.low,
                    "high": item.high,
                }
                for item in self.parameters
            ],
            "resource_defaults": self.resource_defaults,
        }


def catalogue(family: Family) -> Sequence[Entry]:
    """Every plug-in of a family, by name."""
    return [_entry(family, name) for name in family.names]


def written(item: Parameter) -> str:
    """A parameter's default as one writes it in a spec."""
    if item.nested:
        return str(type(item.default).__module__.rpartition(".")[2].replace("_", "-"))
    if isinstance(item.default, bool):
        return str(item.default).lower()
    return f"{item.default:g}" if isinstance(item.default, float) else str(item.default)


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
