"""Tables of names and meanings that the code holds."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import MISSING, Field, fields
from importlib.resources import files
from pathlib import Path

from generated.markdown import attributes, code, table
from scroogevm import errors as errors_module
from scroogevm.errors import ScroogeError
from scroogevm.scoring import SCORES
from scroogevm.traces.dataset import VM_TABLE
from scroogevm.traces.generate.mixes import MIXES
from scroogevm.traces.generate.scenarios import SCENARIOS
from scroogevm.traces.manifest import FORMAT, VERSION, Manifest
from scroogevm.traces.tables import NODES, VMS

MEASURED = Path(__file__).parents[2] / "performance"
"""Where ``make bench`` writes."""


def manifest() -> str:
    """The keys of ``trace.json``."""
    defaults = {item.name: _default(item) for item in fields(Manifest)}
    known = [("format", f'always "{FORMAT}"', ""), ("version", f"always {VERSION}", "")]
    known += [(name, meaning, defaults[name]) for name, meaning in attributes(Manifest)]
    return table(["key", "meaning", "default"], ([code(n), *rest] for n, *rest in known))


def node_columns() -> str:
    """The columns of ``nodes/``."""
    return _meanings("column", NODES)


def vm_columns() -> str:
    """The columns of ``vms/``."""
    return _meanings("column", VMS)


def dataset_columns() -> str:
    """The columns of a table of VMs."""
    return _meanings("column", VM_TABLE)


def scenarios() -> str:
    """The courses that a generated workload may take."""
    return _meanings("scenario", {name: item.meaning for name, item in SCENARIOS.items()})


def mixes() -> str:
    """The VM size mixes that come with the product."""
    folder = files("scroogevm.traces") / "mixes"
    rows = []
    for name in MIXES:
        mix = tomllib.loads((folder / f"{name}.toml").read_text("utf-8"))
        rows.append([code(name), mix["title"], "yes" if "usage" in mix else "no"])
    return table(["mix", "figures of", "usage classes"], rows)


def scores() -> str:
    """Every score."""
    return _meanings("score", SCORES)


def performance() -> str:
    """What benchmarks saw, as they wrote it down."""
    return "\n\n".join(page.read_text("utf-8") for page in sorted(MEASURED.glob("bench_*.md")))


def balloon_measured() -> str:
    """What each policy of the simulation gave and did."""
    told = json.loads((MEASURED / "bench_balloon.json").read_text("utf-8"))
    return table(told["columns"], ([f"{each}" for each in row] for row in told["rows"]))


def errors() -> str:
    """The tree of errors."""
    return errors_module.__doc__ or ""


def exit_codes() -> str:
    """Exit code of every kind of error."""
    return table(
        ["error", "exit code", "meaning"],
        ([code(e.__name__), str(e.exit_code), _first(e)] for e in _tree(ScroogeError)),
    )


def _tree(kind: type[ScroogeError]) -> Iterable[type[ScroogeError]]:
    for inner in kind.__subclasses__():
        yield inner
        yield from _tree(inner)


def _first(described: object) -> str:
    return (described.__doc__ or "").split("\n", 1)[0]


def _default(item: "Field[object]") -> str:
    if item.default is MISSING:
        return "{}" if item.default_factory is not MISSING else "required"
    return code(str(item.default))


def _meanings(head: str, meanings: Mapping[str, str]) -> str:
    return table([head, "meaning"], ([code(name), text] for name, text in meanings.items()))
