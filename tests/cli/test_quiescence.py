"""``scroogevm quiescence`` as its users meet it."""

import json
from pathlib import Path

import polars as pl
import pytest

from commands import fails, scroogevm
from predecessors import trace as predecessor

SMALL = (
    "--nodes", "6", "--vms", "8", "--cores", "16", "--windows", "8", "--scope", "60",
    "--interval", "5",
)  # fmt: skip


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six small nodes in several parts."""
    folder = tmp_path_factory.mktemp("traces")
    assert scroogevm("trace", "generate", *SMALL, "-o", folder / "whole").returncode == 0
    parts = scroogevm("trace", "convert", folder / "whole", "-o", folder / "fleet", "--rows", "900")
    assert parts.returncode == 0, parts.stderr
    return folder / "fleet"


def test_windows_are_listed_with_verdict_and_what_decided_it(fleet: Path) -> None:
    done = scroogevm("quiescence", fleet, "--nodes", "2")
    assert done.returncode == 0, done.stderr
    assert "node-0, cpu: shift" in done.stdout
    assert "node-1, mem: shift" in done.stdout
    assert "node-2" not in done.stdout
    assert "fewer than 4 windows with samples were kept before" in done.stdout
    assert " cores, limit " in done.stdout
    assert " GiB, limit " in done.stdout
    assert "Quiescent windows of 6 nodes" in done.stdout
    assert "4 more nodes" in done.stderr


def test_a_program_gets_every_verdict_with_its_evidence(fleet: Path) -> None:
    words = ("quiescence", fleet, "-t", "shift", "-t", "mean-band:a=2", "--json")
    rows = json.loads(scroogevm(*words).stdout)
    assert len(rows) == 6 * 2 * 8 * 2
    for row in rows:
        evidence = row["evidence"]
        gaps = [name for name in evidence if f"{name}_limit" in evidence]
        assert gaps == (["level", "spread", "trend"] if row["test"] == "shift" else ["mean"])
        if row["verdict"] == "not judged":
            assert row["window"] < 4
            assert set(evidence.values()) == {None}
        else:
            calm = all(abs(evidence[gap]) < evidence[f"{gap}_limit"] for gap in gaps)
            assert row["verdict"] == ("quiescent" if calm else "not quiescent")


def test_verdicts_are_those_that_greedy_has_in_a_replay(fleet: Path, tmp_path: Path) -> None:
    spec = "greedy:quiescence=shift"
    words = ("--format", "parquet")
    asked = ("-s", spec, "-s", "borg", "--estimates")
    replayed = scroogevm("replay", fleet, *asked, "-o", tmp_path / "r", *words)
    assert replayed.returncode == 0, replayed.stderr
    assert "Quiescent windows" in replayed.stdout
    done = scroogevm("quiescence", fleet, "-o", tmp_path / "q", *words)
    assert done.returncode == 0, done.stderr
    theirs = pl.read_parquet(tmp_path / "r" / "verdicts.parquet")
    ours = pl.read_parquet(tmp_path / "q" / "verdicts.parquet")
    assert set(theirs["strategy"]) == {spec}
    assert ours.drop("test").equals(theirs.drop("strategy"))
    assert {"quiescent", "not quiescent"} <= set(ours["verdict"])


def test_a_replay_without_such_a_strategy_says_nothing_of_it(fleet: Path, tmp_path: Path) -> None:
    done = scroogevm("replay", fleet, "-s", "borg", "-o", tmp_path / "out")
    assert "Quiescent" not in done.stdout
    assert not list((tmp_path / "out").glob("verdicts*"))
    assert "Quiescence" not in (tmp_path / "out" / "report.html").read_text()


def test_workers_change_nothing_but_time(fleet: Path, tmp_path: Path) -> None:
    for workers in ("1", "3"):
        words = ("--workers", workers, "--force", "-o", tmp_path / "out")
        done = scroogevm("quiescence", fleet, *words, "-o", tmp_path / "out")
        assert done.returncode == 0, done.stderr
        (tmp_path / "out").rename(tmp_path / workers)
    for name in ("verdicts.parquet", "evidence.csv", "verdicts.ndjson"):
        one, three = ((tmp_path / workers / name).read_bytes() for workers in ("1", "3"))
        assert one == three, name
    about = json.loads((tmp_path / "1" / "quiescence.json").read_text())
    assert about["format"] == "scroogevm-quiescence"
    assert list(about["tests"]) == ["shift"]
    assert {(c["resource"], c["test"], c["unjudged"]) for c in about["counts"]} == {
        ("cpu", "shift", 24),
        ("mem", "shift", 24),
    }


def test_figures_are_drawn_of_the_first_nodes(fleet: Path, tmp_path: Path) -> None:
    words = ("-t", "shift", "-t", "t-test", "--format", "json", "--figures")
    done = scroogevm("quiescence", fleet, *words, "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert f"Report: {tmp_path / 'out' / 'report.html'}" in done.stdout
    drawn = {path.name for path in (tmp_path / "out" / "figures").iterdir()}
    assert drawn == {
        f"node-{node}-{resource}-windows.{ending}"
        for node in range(4)
        for resource in ("cpu", "mem")
        for ending in ("png", "svg")
    }
    assert not (tmp_path / "out" / "verdicts.csv").exists()


def test_where_no_window_can_be_judged_a_remark_says_why(fleet: Path) -> None:
    done = scroogevm("quiescence", fleet, "--history", "9", "--nodes", "0")
    assert done.returncode == 0
    assert "no window was judged: 10 windows of a slice must come before it" in done.stderr
    assert "smaller --history" in done.stderr


def test_misuse_is_told_all_at_once(fleet: Path, tmp_path: Path) -> None:
    words = ("-t", "shfit", "-t", "mean-band:a=-1", "-t", "lstm", "-t", "lstm", "--coverage", "2")
    line = fails(2, "quiescence", fleet, tmp_path / "none.json", *words, "--nodes", "-1")
    for problem in (
        "did you mean 'shift'?",
        "a: -1.0 is out of range",
        "test lstm is given twice",
        "--coverage 2 is not from 0 to 1",
        "--nodes -1 is not from 0",
        "none.json: does not exist",
    ):
        assert problem in line
    assert "is missing" in fails(2, "quiescence", fleet, "-t", "(")


def test_a_trace_that_cannot_be_read_or_is_too_short_fails_in_one_line(tmp_path: Path) -> None:
    text = json.dumps(predecessor())
    (tmp_path / "bad.json").write_text(text[:-30])
    assert "is not JSON" in fails(1, "quiescence", tmp_path / "bad.json")
    whole = tmp_path / "short"
    assert scroogevm("trace", "generate", *SMALL, "-o", whole).returncode == 0
    assert "less than a slice" in fails(1, "quiescence", whole, "--scope", "86400")
    assert scroogevm("quiescence").returncode == 2


def test_output_is_only_replaced_when_told_to_and_only_if_it_is_ours(
    fleet: Path, tmp_path: Path
) -> None:
    words = ("quiescence", fleet, "--format", "json", "-o")
    assert scroogevm(*words, tmp_path / "out").returncode == 0
    assert "add --force" in fails(2, *words, tmp_path / "out")
    assert scroogevm(*words, tmp_path / "out", "--force").returncode == 0
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").write_text("dear")
    assert "was not written by" in fails(2, *words, tmp_path / "home", "--force")


def test_settings_come_from_the_environment_and_a_file(fleet: Path, tmp_path: Path) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[quiescence]\ntest = ["mean-band"]\nhistory = 1\n')
    words = ("--config", file, "quiescence", fleet, "--json")
    for env, wanted in (({}, "mean-band"), ({"SCROOGEVM_QUIESCENCE_TEST": "t-test"}, "t-test")):
        rows = json.loads(scroogevm(*words, env=env).stdout)
        assert {row["test"] for row in rows} == {wanted}
        assert {row["window"] for row in rows if row["verdict"] == "not judged"} == {0, 1}
