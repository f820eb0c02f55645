"""The notebook runs on a replay's output, and its numbers are the replay's own."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

HERE = Path(__file__).parent
NOTEBOOK = HERE.parent / "notebooks" / "analysis.ipynb"


def replayed(output: Path, *options: str) -> Path:
    trace = HERE / "golden" / "churn-aggregated.json.xz"
    command = [sys.executable, "-m", "scroogevm", "replay", str(trace), "-o", str(output)]
    subprocess.run([*command, "--no-figures", *options], check=True, capture_output=True)
    return output


def committed() -> Any:
    return nbformat.reads(NOTEBOOK.read_text(encoding="utf-8"), as_version=4)  # type: ignore[no-untyped-call]  # it has no types


def executed(replay: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("SCROOGEVM_REPLAY", str(replay))
    monkeypatch.setenv("JUPYTER_PLATFORM_DIRS", "1")
    # The kernel is another program: its own warnings are none of these tests' business.
    monkeypatch.delenv("PYTHONWARNINGS", raising=False)
    notebook = committed()
    place = {"metadata": {"path": str(NOTEBOOK.parent)}}
    NotebookClient(notebook, timeout=120, resources=place).execute()
    return notebook


def texts(notebook: Any) -> str:
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", ())]
    plain = [output.get("text", "") for output in outputs]
    return "\n".join(plain + [output.get("data", {}).get("text/plain", "") for output in outputs])


@pytest.mark.parametrize(("options", "read_from"), [(["--dump"], "dumps"), ([], "estimates")])
def test_the_table_of_the_prototypes_analysis_is_ours(
    options: list[str], read_from: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    strategies = ("-s", "greedy", "-s", "doa", "-s", "rc-like")
    replay = replayed(tmp_path / "out", *strategies, *options)
    notebook = executed(replay, monkeypatch)
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
    images = [
        output
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert len(images) == 3


def test_the_notebook_is_committed_without_outputs() -> None:
    notebook = committed()
    assert not any(cell.get("outputs") for cell in notebook.cells)
