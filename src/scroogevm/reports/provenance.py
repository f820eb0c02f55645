"""Describes a run, for ``replay.json`` or ``quiescence.json`` and the report."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePath
from typing import Any

from scroogevm import __version__
from scroogevm.ports import Role, Strategy
from scroogevm.registry import Plugin, parameters
from scroogevm.reports.record import Pair

MARKER = "replay.json"
"""The file that every output of a replay has."""


@dataclass(frozen=True)
class PluginFacts:
    """One strategy or test of the run.

    Attributes:
        parameters: by resource, as text.
        formula: its demand, or when a node is quiescent, in one line.
        source: where it comes from.
        looks_ahead: whether it reads the future.
        role: what pages make of a strategy; a test has none.
        risks: by resource, the share of windows in which a strategy says that it may be short.
    """

    parameters: Mapping[str, str]
    formula: str
    source: str
    looks_ahead: bool
    role: Role | None = None
    risks: Mapping[str, float] = field(default_factory=dict)

    @property
    def parameters_text(self) -> str:
        """Its parameters, once if they are the same for every resource."""
        texts = dict.fromkeys(self.parameters.values())
        if len(texts) == 1:
            return next(iter(texts)) or "-"
        each = [f"{resource}: {text or 'none'}" for resource, text in self.parameters.items()]
        return "; ".join(each)


@dataclass(frozen=True)
class About:
    """The inputs and settings of a run.

    Attributes:
        traces: names of the traces.
        command: the command line, word by word.
        settings: what else was set, by name, as text.
        asked: strategies, or tests, by the name each is reported under.
    """

    traces: Sequence[str]
    command: Sequence[str]
    settings: Mapping[str, str]
    asked: Mapping[str, PluginFacts] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        traces: Sequence[Path],
        command: Sequence[str],
        settings: Mapping[str, str],
        asked: Mapping[str, Mapping[str, Plugin]],
    ) -> "About":
        """The same without folders, because they are private.

        Args:
            traces: what was read.
            command: the command line, word by word.
            settings: what else was set, by name, as text.
            asked: strategies or tests, by resource, then by the name each is reported under.
        """
        words = [without_folders(word) for word in command]
        return cls([trace.name for trace in traces], words, settings, facts_of(asked))

    @property
    def looking_ahead(self) -> Sequence[str]:
        """The strategies that read the future."""
        return [name for name, facts in self.asked.items() if facts.looks_ahead]

    @property
    def roles(self) -> Mapping[str, Role]:
        """How pages show each strategy."""
        return {name: facts.role for name, facts in self.asked.items() if facts.role}

    @property
    def risks(self) -> Mapping[Pair, float]:
        """The risk that each strategy states, of those that state one, by resource and strategy."""
        return {
            (resource, name): risk
            for name, facts in self.asked.items()
            for resource, risk in facts.risks.items()
        }

    def write(self, path: Path, noun: str, counts: Mapping[str, Any]) -> None:
        """Write the file that marks an output.

        Args:
            path: the file.
            noun: what was asked: ``strategies`` or ``tests``.
            counts: what else there is to say.
        """
        facts = asdict(self)
        content = {
            "format": f"scroogevm-{path.stem}",
            "version": __version__,
            **{noun if name == "asked" else name: fact for name, fact in facts.items()},
            **counts,
        }
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def without_folders(word: str) -> str:
    """A word of a command line, the folders of an absolute path left out.

    >>> without_folders("/home/someone/traces/a.json"), without_folders("--config=/etc/x.toml")
    ('a.json', '--config=x.toml')
    >>> without_folders("demo/decreasing")
    'demo/decreasing'
    """
    option, equals, value = word.rpartition("=")
    path = PurePath(value)
    return f"{option}{equals}{path.name}" if path.is_absolute() else word


def facts_of(plugins: Mapping[str, Mapping[str, Plugin]]) -> Mapping[str, PluginFacts]:
    """The facts of each strategy or test.

    Args:
        plugins: by resource, then by the name each is reported under.
    """
    built: dict[str, dict[str, Plugin]] = {}
    for resource, named in plugins.items():
        for name, plugin in named.items():
            built.setdefault(name, {})[resource] = plugin
    return {
        name: PluginFacts(
            parameters={resource: described(one) for resource, one in by_resource.items()},
            formula=(any_one := next(iter(by_resource.values()))).formula,
            source=any_one.source,
            looks_ahead=any(
                isinstance(one, Strategy) and one.looks_ahead for one in by_resource.values()
            ),
            role=any_one.role if isinstance(any_one, Strategy) else None,
            risks={
                resource: one.stated_risk
                for resource, one in by_resource.items()
                if isinstance(one, Strategy) and one.stated_risk is not None
            },
        )
        for name, by_resource in built.items()
    }


def described(plugin: Plugin) -> str:
    """The parameters of a plug-in as they are: ``p = 99, capped = yes``."""
    return ", ".join(
        f"{item.name} = {_value(getattr(plugin, item.name))}" for item in parameters(type(plugin))
    )


def _value(value: Any) -> str:
    if isinstance(value, Plugin):
        name = type(value).__module__.rpartition(".")[2].replace("_", "-")
        inner = described(value)
        return f"{name}({inner})" if inner else name
    if isinstance(value, tuple):
        return " and ".join(_value(item) for item in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
