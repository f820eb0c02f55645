"""The command line as a whole."""

import json
from pathlib import Path

import pytest

from commands import fails, scroogevm
from predecessors import trace as predecessor
from scroogevm.ports import QUIESCENCE, STRATEGIES

HEAVY = ("numpy", "polars", "rich", "matplotlib", "simdjson", "scipy")


def test_help_names_every_command() -> None:
    done = scroogevm("--help")
    assert done.returncode == 0
    for name in ("quiescence", "replay", "strategies", "trace"):
        assert f"  {name}" in done.stdout


@pytest.mark.parametrize(
    "words", [(), ("quiescence",), ("replay",), ("trace",), ("trace", "place"), ("strategies",)]
)
def test_help_imports_nothing_heavy(words: tuple[str, ...]) -> None:
    done = scroogevm(*words, "--help", env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "click" in imported
    assert imported.isdisjoint(HEAVY)


def test_strategies_shows_each_with_parameters_formula_and_source() -> None:
    done = scroogevm("strategies")
    for family in (STRATEGIES, QUIESCENCE):
        for name in family.names:
            plugin = family.load(name)
            assert f"\n{name}" in done.stdout
            assert plugin.formula in done.stdout
            assert plugin.source in done.stdout
    assert "greedy or scroogevm" in done.stdout


def test_strategies_can_be_read_by_a_program() -> None:
    content = json.loads(scroogevm("strategies", "--json").stdout)
    assert [entry["name"] for entry in content["strategies"]] == list(STRATEGIES.names)
    (n_sigma,) = (entry for entry in content["strategies"] if entry["name"] == "n-sigma")
    assert n_sigma["parameters"][0]["default"] == "5"


@pytest.mark.parametrize("words", [("frobnicate",), ("replay",), ("replay", "--nonsense", "a")])
def test_misuse_of_the_command_line_exits_with_2(words: tuple[str, ...]) -> None:
    done = scroogevm(*words)
    assert done.returncode == 2
    assert "Traceback" not in done.stderr


def test_version_is_told() -> None:
    assert scroogevm("--version").stdout.startswith("scroogevm, version ")


def test_names_in_a_trace_give_the_terminal_no_orders(tmp_path: Path) -> None:
    order = "\x1b]0;mine\x07\x1b[2J"
    trace = predecessor()
    trace["vm"][order] = {"raw_data": [3]}
    trace["node"]["raw_data"][0]["cpu_usage"] = [-1.0]
    (tmp_path / "t.json").write_text(json.dumps(trace))
    line = fails(1, "replay", tmp_path / "t.json", "-o", tmp_path / "out")
    assert "\x1b" not in line
    assert "vm.?]0;mine??[2J.raw_data" in line
    place = tmp_path / "t"
    assert scroogevm("trace", "generate", "--windows", "1", "-o", place).returncode == 0
    content = json.loads((place / "trace.json").read_text())
    (place / "trace.json").write_text(json.dumps({**content, "source": {"from": order}}))
    shown = scroogevm("trace", "info", place)
    assert shown.returncode == 0
    assert "\x1b" not in shown.stdout
    assert "from: ?]0;mine??[2J" in shown.stdout
