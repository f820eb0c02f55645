"""``scroogevm trace info``: shows a summary of a trace."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from scroogevm.cli.actions import _output as output
from scroogevm.traces.info import describe


def info(trace: Path, *, as_json: bool, **asked: str | None) -> None:
    """Show a summary of TRACE, a trace of nodes or a data set of VMs."""
    facts = describe(trace, asked["format"])
    if as_json:
        output.print_json(facts)
    else:
        output.facts(str(trace), {name: _shown(name, value) for name, value in facts.items()})


def _percent(value: float) -> str:
    return f"{100 * value:.1f} %"


def _with(unit: str, value: float) -> str:
    return f"{value:g} {unit}"


_SHOWN: Mapping[str, Callable[[Any], str]] = {
    **dict.fromkeys(("span", "interval", "scope", "slice"), partial(_with, "s")),
    "capacity": partial(_with, "cores"),
    **dict.fromkeys(("allocated", "usage", "missing"), _percent),
    "source": lambda source: ", ".join(f"{name}: {value}" for name, value in source.items()),
}


def _shown(name: str, value: Any) -> str:
    if value is None:
        return "-"
    return _SHOWN.get(name, str)(value)
