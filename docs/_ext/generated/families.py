"""What there is to choose from, as sections: one for each plug-in of a family."""

from collections.abc import Callable, Iterable

from generated.markdown import code, prose, table
from scroogevm.balloon.mode import MODES
from scroogevm.balloon.refusal import REFUSALS, Refusal
from scroogevm.balloon.rule import (
    RULES,
    BrakeRule,
    FloorRule,
    HostRule,
    OrderRule,
    PaceRule,
    ReleaseRule,
    ZoneRule,
)
from scroogevm.offers.guard import GUARDS
from scroogevm.openstack.check import CHECKS
from scroogevm.ports import QUIESCENCE, STORES, STRATEGIES
from scroogevm.registry import Family
from scroogevm.registry.catalogue import Entry, catalogue
from scroogevm.traces.dataset import DATASETS, Dataset
from scroogevm.traces.format import FORMATS


def strategies() -> str:
    """Every strategy."""
    return sections(STRATEGIES, "strategy", "Demand")


def guards() -> str:
    """Every guard."""
    return sections(GUARDS, "guard", "Says")


def balloon_modes() -> str:
    """Every mode of the memory companion."""
    return sections(MODES, "mode", "Does")


def balloon_refusals() -> str:
    """Every refusal of the memory companion."""
    return sections(REFUSALS, "refusal", "Refuses")


def balloon_rules() -> str:
    """Every rule of the memory companion."""
    return sections(RULES, "rule", "Says")


def balloon_kinds() -> str:
    """Every kind of rule with the rules that are of it."""
    kinds = (HostRule, FloorRule, BrakeRule, PaceRule, ZoneRule, OrderRule, ReleaseRule)
    rows = [
        [prose(kind), ", ".join(n for n in RULES.names if issubclass(RULES.load(n), kind))]
        for kind in kinds
    ]
    return table(["what rules say", "rules"], rows)


def checks() -> str:
    """Every check of the doctor."""
    return sections(CHECKS, "check", "Finds")


def quiescence() -> str:
    """Every quiescence test."""
    return sections(QUIESCENCE, "quiescence", "Quiescent when")


def stores() -> str:
    """Every store."""
    return sections(STORES, "store", "Holds")


def formats() -> str:
    """Every format of node traces."""
    return sections(FORMATS, "format", "Recognised as")


def datasets() -> str:
    """Every data set of VMs."""
    return sections(DATASETS, "dataset", "Recognised as")


def sections(
    family: Family, kind: str, formula: str, more: Callable[[str], str] = lambda _: ""
) -> str:
    """A section for each plug-in of a family, and an overview before them.

    Args:
        family: of plug-ins.
        kind: what references to one begin with.
        formula: what its formula is called.
        more: what else there is to say of one, by its name.
    """
    entries = catalogue(family)
    overview = table(
        ["name", formula.lower()],
        ([f"[{entry.name}](#{kind}-{entry.name})", code(entry.formula)] for entry in entries),
    )
    parts = [
        part
        for entry in entries
        for part in (_section(family, entry, kind, formula), more(entry.name))
    ]
    return "\n\n".join([overview, *parts])


def _section(family: Family, entry: Entry, kind: str, formula: str) -> str:
    plugin = family.load(entry.name)
    return "\n\n".join(
        [
            f"({kind}-{entry.name})=\n## {entry.name}",
            prose(plugin),
            "\n".join(f"{title}\n: {text}\n" for title, text in _facts(entry, plugin, formula)),
            _parameters(entry),
        ]
    )


def _facts(entry: Entry, plugin: type, formula: str) -> Iterable[tuple[str, str]]:
    if entry.formula:
        yield formula, code(entry.formula)
    yield "Source", entry.source
    if entry.aliases:
        yield "Also called", ", ".join(map(code, entry.aliases))
    if vars(plugin).get("looks_ahead") is True:
        yield "Looks ahead", "yes: only a replay can ask it"
    if issubclass(plugin, Refusal):
        yield "What was taken", "stays taken" if plugin.hands_off else "is given back at once"
    if issubclass(plugin, FloorRule):
        yield "Grows a VM that has less", "yes, at once" if plugin.raises else "no"
    if issubclass(plugin, Dataset):
        yield "Licence of the data", plugin.licence


def _parameters(entry: Entry) -> str:
    rows = zip(entry.parameters, entry.written, strict=True)
    return (
        table(
            ["parameter", "meaning", "default", "range"],
            (
                [code(item.name), item.meaning, code(default) if default else "", item.range]
                for item, default in rows
            ),
        )
        if entry.parameters
        else "It has no parameter."
    )
