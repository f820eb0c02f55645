"""The notebooks run, and their numbers are those of the commands."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from scroogevm.ports import QUIESCENCE

HERE = Path(__file__).parent
NOTEBOOKS = HERE.parent / "notebooks"
ANALYSIS, WINDOWS = NOTEBOOKS / "analysis.ipynb", NOTEBOOKS / "quiescence.ipynb"
TRACE = HERE / "golden" / "churn-aggregated.json.xz"


def replayed(output: Path, *options: str) -> Path:
    command = [sys.executable, "-m", "scroogevm", "replay", str(TRACE), "-o", str(output)]
    subprocess.run([*command, "--no-figures", *options], check=True, capture_output=True)
    return output


def committed(path: Path) -> Any:
    return nbformat.reads(path.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]  # it has no types


def executed(path: Path, monkeypatch: pytest.MonkeyPatch, **variables: str) -> Any:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    # The kernel is another program: its own warnings are none of these tests' business.
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    notebook = committed(path)
    place = {"metadata": {"path": str(path.parent)}}
    NotebookClient(notebook, timeout=120, resources=place).execute()
    return notebook


def texts(notebook: Any) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    plain = [output.get("text", "") for output in outputs]
    return "\n".join(plain + [output.get("data", {}).get("text/plain", "") for output in outputs])


def images(notebook: Any) -> int:
    """How many pictures there are."""
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    return sum("image/png" in output.get("data", {}) for output in outputs)


@pytest.mark.parametrize(
    ("options", "read_from"), [(["--dump"], "dumps"), (["--estimates"], "estimates")]
)
def test_the_table_of_the_prototypes_analysis_is_ours(
    options: list[str], read_from: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategies = ("-s", "greedy", "-s", "doa", "-s", "rc-like")
    replay = replayed(tmp_path / "out", *strategies, *options)
    notebook = executed(ANALYSIS, monkeypatch, SCROOGEVM_REPLAY=str(replay))
    shown = texts(notebook)
    assert f"read from {read_from}" in shown
    scores = json.loads((replay / "scores.json").read_text())
    table = next(
        output["data"]["text/plain"]
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "violation " in output.get("data", {}).get("text/plain", "")
    )
    found = [line.split("┆") for line in table.splitlines() if "┆" in line]
    numbers = {row[0].strip("│ "): float(row[1]) for row in found if "." in row[1]}
    expected = {s["strategy"]: s["misprediction"] for s in scores if s["resource"] == "cpu"}
    # A dump's tiers are rounded to a tenth of a core, as the prototype's were.
    assert numbers == pytest.approx(expected, rel=0.01, abs=0.01)
    assert images(notebook) == 3


def test_windows_of_the_notebook_have_the_verdicts_of_the_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    notebook = executed(WINDOWS, monkeypatch, SCROOGEVM_TRACE=str(TRACE))
    shown = texts(notebook)
    command = [sys.executable, "-m", "scroogevm", "quiescence", str(TRACE), "--json"]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    rows = [row for row in json.loads(done.stdout) if row["resource"] == "cpu"]
    assert f"node: {rows[0]['node']}  windows: {len(rows)}" in shown
    for row in rows:
        if row["window"] in (6, 7):
            assert row["decided"] in shown
    assert images(notebook) == 4


def test_the_confusion_table_of_a_generated_trace_names_every_test_and_ours_is_best(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("SCROOGEVM_TRACE", raising=False)
    shown = texts(executed(WINDOWS, monkeypatch))
    table = shown[shown.index("Matthews") :]
    found = [line.split("┆") for line in table.splitlines() if line.count("┆") == 7]
    scores = {row[0].strip("│ "): float(row[-1].strip("│ ")) for row in found if "." in row[-1]}
    assert set(scores) == set(QUIESCENCE.names)
    assert max(scores, key=lambda name: scores[name]) == "shift"


@pytest.mark.parametrize("path", [ANALYSIS, WINDOWS])
def test_notebooks_are_committed_without_outputs(path: Path) -> None:
    notebook = committed(path)
    assert not any(cell.get("outputs") for cell in notebook.cells)
