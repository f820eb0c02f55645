"""``scroogevm figures``: the pictures of a report that is there already."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from commands import fails, scroogevm

WORDS = ("-s", "greedy", "-s", "calibrated", "--format", "parquet")


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("trace") / "trace"
    small = ("--nodes", "1", "--vms", "4", "--windows", "12", "--interval", "300")
    assert scroogevm("trace", "generate", "-o", place, *small).returncode == 0
    return place


def test_they_show_what_a_replay_draws_itself(trace: Path, tmp_path: Path) -> None:
    drawn, later = tmp_path / "drawn", tmp_path / "later"
    scroogevm("replay", trace, "-o", drawn, "--figures", *WORDS)
    scroogevm("replay", trace, "-o", later, *WORDS)
    assert not (later / "figures").exists()
    done = scroogevm("figures", later)
    assert done.stdout == f"10 figures, as PNG and SVG, in {later / 'figures'}\n"
    names, others = (
        sorted(path.name for path in (place / "figures").glob("*.*g")) for place in (drawn, later)
    )
    assert names == others
    for name in names:
        if name.endswith(".png"):
            one, other = (
                np.asarray(Image.open(place / "figures" / name)) for place in (drawn, later)
            )
            assert one.shape == other.shape
            # The report keeps five digits of each number, which moves a line by less than a pixel.
            assert (abs(one.astype(int) - other).max(axis=2) > 64).mean() < 0.01, name


def test_the_command_as_it_is_typed_draws_nothing(trace: Path, tmp_path: Path) -> None:
    words = ("replay", trace, "-o", tmp_path / "r")
    done = scroogevm(*words, env={"PYTHONPROFILEIMPORTTIME": "1"})
    assert done.returncode == 0, done.stderr
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert "numpy" in imported
    assert "matplotlib" not in imported
    assert not [path for path in (tmp_path / "r").rglob("*") if path.suffix in (".png", ".svg")]


def test_figures_that_are_there_stay_until_they_may_be_replaced(
    trace: Path, tmp_path: Path
) -> None:
    scroogevm("replay", trace, "-o", tmp_path / "r", *WORDS)
    assert scroogevm("figures", tmp_path / "r").returncode == 0
    picture = tmp_path / "r" / "figures" / "fleet-cpu-usage.png"
    picture.write_text("old")
    assert "exists already" in fails(2, "figures", tmp_path / "r")
    assert picture.read_text() == "old"
    assert scroogevm("figures", tmp_path / "r", "--force").returncode == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


def test_what_is_no_report_is_refused(tmp_path: Path) -> None:
    assert "is not the output of `scroogevm replay`" in fails(2, "figures", tmp_path)
    (tmp_path / "replay.json").write_text('{"strategies": {}, "nodes": 1}')
    (tmp_path / "report.html").write_text("<html>")
    assert "is not the output of `scroogevm replay`" in fails(2, "figures", tmp_path)
