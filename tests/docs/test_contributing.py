"""The strategy of CONTRIBUTING.md is one new file, and has everything that strategies have."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from documents import ROOT, blocks, shell

PAGE = ROOT / "CONTRIBUTING.md"
NAME = "fading-peak"


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the program with the page's file put where the page says; nothing else differs."""
    root = tmp_path_factory.mktemp("checkout")
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "src", root / "src", ignore=ignored)
    path = "src/scroogevm/strategies/fading_peak.py"
    assert f"`{path}`" in PAGE.read_text("utf-8")
    (example,) = (block.text for block in blocks(PAGE) if block.language == "python")
    assert len(example.splitlines()) <= 40
    (root / path).write_text(example)
    return root


def python(checkout: Path, *words: str) -> str:
    """What a run of Python on the copy prints."""
    folders = [checkout / "src", ROOT / "docs" / "_ext"]
    done = subprocess.run(
        [sys.executable, *words],
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join(map(str, folders)),
            "PYTHONDONTWRITEBYTECODE": "1",
        },
        cwd=checkout,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_command_line_lists_it(checkout: Path) -> None:
    listed = json.loads(python(checkout, "-m", "scroogevm", "strategies", "--json"))
    (entry,) = (item for item in listed["strategies"] if item["name"] == NAME)
    assert [item["name"] for item in entry["parameters"]] == ["fade"]
    assert entry["formula"]


def test_its_commands_replay_it(checkout: Path) -> None:
    small = ["--windows", "6", "--vms", "4", "--interval", "300"]
    trace = ["trace", "generate", "-o", "demo/increasing", *small]
    python(checkout, "-m", "scroogevm", *trace)
    (line,) = (line for line in shell(PAGE) if line.startswith("scroogevm replay"))
    words = [*line.split()[1:], "--json"]
    scores = json.loads(python(checkout, "-m", "scroogevm", *words))
    windows = {row["strategy"]: row["windows"] for row in scores if row["resource"] == "cpu"}
    assert windows == {NAME: 5.0, f"{NAME}:fade=0.5": 5.0, "persistence": 5.0}


def test_a_replay_of_all_strategies_has_it(checkout: Path) -> None:
    found = python(
        checkout,
        "-c",
        "from scroogevm.config import default_strategies; print(*default_strategies())",
    )
    assert NAME in found.split()


def test_the_docs_have_it(checkout: Path) -> None:
    block = "import generated; print(generated.expanded('% generated: strategies'))"
    page = python(checkout, "-c", block)
    assert f"## {NAME}" in page
    assert "share of a peak that is left after a window | `0.9` | at least 0, at most 1" in page


def test_it_keeps_the_contract_and_its_example_runs(checkout: Path) -> None:
    options = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", str(ROOT / "pyproject.toml")]
    contract = str(ROOT / "tests" / "contract" / "test_strategies.py")
    passed = python(checkout, *options, "-k", NAME, contract)
    assert int(passed.split(" passed")[0].split()[-1]) > 20
    example = str(checkout / "src" / "scroogevm" / "strategies" / "fading_peak.py")
    assert "1 passed" in python(checkout, *options, "--doctest-modules", example)
