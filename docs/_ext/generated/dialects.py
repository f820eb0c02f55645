"""What exporters say and how it is understood, from the tables that it is understood by."""

from collections.abc import Mapping, Sequence

from generated.families import sections
from generated.markdown import code, table
from scroogevm.ports import DIALECTS
from scroogevm.telemetry import report, terms
from scroogevm.telemetry.dialect import Meaning, TableDialect
from scroogevm.telemetry.dialects import vmprobe


def dialects() -> str:
    """Every dialect with its names."""
    return sections(DIALECTS, "dialect", "Recognised by", more=_names)


def node_terms() -> str:
    """What may be said of a node."""
    return _terms(terms.NODE)


def vm_terms() -> str:
    """What may be said of a VM."""
    return _terms(terms.VM)


def lacks() -> str:
    """What may not be said, and what that costs."""
    rows = [
        [of, lack.what, lack.cost]
        for of, kinds in (("node", report.NODE), ("VM", report.VMS))
        for lack in kinds
    ]
    return table(["of", "missing", "so that"], rows)


def _terms(known: Mapping[str, terms.Term]) -> str:
    return table(
        ["term", "unit", "kind", "meaning"],
        ([code(name), term.unit, term.kind, term.meaning] for name, term in known.items()),
    )


def _names(name: str) -> str:
    dialect = DIALECTS.build(name)
    if isinstance(dialect, TableDialect):
        node, vm = dialect.node, dialect.vm
    else:
        node = {f"PREFIX_global_{end}": (meaning,) for end, meaning in vmprobe.NODE.items()}
        vm = {f"PREFIX_domain_NAME_{end}": (meaning,) for end, meaning in vmprobe.VM.items()}
    rows = [
        [code(metric), _where(meaning), of, code(meaning.term), _factor(meaning)]
        for of, names in (("node", node), ("VM", vm))
        for metric, meanings in names.items()
        for meaning in meanings
    ]
    return table(["metric", "where", "of", "term", "times"], rows)


def _where(meaning: Meaning) -> str:
    return ", ".join(f"{label} is {_either(values)}" for label, values in meaning.where.items())


def _either(values: Sequence[str]) -> str:
    return " or ".join(map(code, values))


def _factor(meaning: Meaning) -> str:
    """How a value becomes one of the term."""
    if meaning.count:
        return "counted"
    if meaning.factor == 1:
        return ""
    power = {2.0**-10: "2⁻¹⁰", 2.0**-20: "2⁻²⁰"}
    return power.get(meaning.factor, f"{meaning.factor:g}")
