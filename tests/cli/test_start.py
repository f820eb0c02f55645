"""Each command reads only the modules that it needs."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from commands import scroogevm

HEAVY = {"numpy", "polars", "pydantic", "httpx", "rich", "fastapi", "jinja2", "matplotlib", "numba"}
_LOADED = """
import json, sys
from scroogevm.cli import cli
try:
    cli(json.loads(sys.argv[1]))
except SystemExit as end:
    assert not end.code, end.code
sys.stderr.write(json.dumps(list(sys.modules)))
"""


def loaded(*words: str | Path) -> set[str]:
    """Modules that a command has loaded when it ends."""
    argument = json.dumps([str(word) for word in words])
    command = [sys.executable, "-c", _LOADED, argument]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return set(json.loads(done.stderr.splitlines()[-1]))


def packages(modules: set[str]) -> set[str]:
    return {name.partition(".")[0] for name in modules}


@pytest.mark.parametrize("words", [["--help"], ["replay", "--help"], ["serve", "--help"]])
def test_help_needs_no_heavy_library(words: list[str]) -> None:
    assert not packages(loaded(*words)) & HEAVY


def test_a_replay_loads_no_store_no_service_and_nothing_that_draws(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    scroogevm("trace", "generate", "--scenario", "increasing", "-o", trace, "--seed", "1")
    modules = loaded("replay", trace, "-o", tmp_path / "report")
    others = {
        "scroogevm.stores", "scroogevm.traces.recording", "scroogevm.reports.quiescence",
        "scroogevm.reports.drawing", "scroogevm.service", "scroogevm.web", "scroogevm.collect",
        "scroogevm.balloon", "scroogevm.openstack", "scroogevm.traces.generate",
    }  # fmt: skip
    assert not modules & others
    assert not packages(modules) & (HEAVY - {"numpy", "polars", "rich", "jinja2"})
