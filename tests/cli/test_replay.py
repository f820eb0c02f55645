"""``scroogevm replay`` as its users meet it."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from commands import SCROOGEVM, fails, scroogevm
from predecessors import trace as predecessor
from scroogevm.config import default_strategies
from scroogevm.ports import RESOURCES

GOLDEN = Path(__file__).parent.parent / "golden"
QUICK = ("-s", "greedy", "-s", "n-sigma:n=3")


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A predecessor's trace, and a fleet of small nodes in three parts of our own format."""
    folder = tmp_path_factory.mktemp("traces")
    (folder / "one.json").write_text(json.dumps(predecessor()))
    small = [
        "--nodes",
        "6",
        "--vms",
        "8",
        "--cores",
        "16",
        "--windows",
        "6",
        "--scope",
        "60",
        "--interval",
        "5",
    ]
    assert scroogevm("trace", "generate", *small, "-o", folder / "whole").returncode == 0
    parts = scroogevm("trace", "convert", folder / "whole", "-o", folder / "fleet", "--rows", "900")
    assert parts.returncode == 0, parts.stderr
    assert len(list((folder / "fleet" / "vms").iterdir())) > 2
    return folder


def test_all_strategies_are_replayed_by_default_and_scored(traces: Path, tmp_path: Path) -> None:
    done = scroogevm("replay", traces / "fleet", "-o", tmp_path / "out")
    assert done.returncode == 0, done.stderr
    assert "cpu: 6 nodes, 30 windows judged" in done.stdout
    assert str(tmp_path / "out" / "report.html") in done.stdout
    scores = pl.read_parquet(tmp_path / "out" / "scores.parquet")
    assert set(scores["strategy"]) == set(default_strategies())
    assert scores.height == len(default_strategies()) * len(RESOURCES)
    for name in default_strategies():
        assert name in done.stdout
    for ending in ("parquet", "csv", "json"):
        assert (tmp_path / "out" / f"scores.{ending}").stat().st_size
    assert pl.read_csv(tmp_path / "out" / "scores.csv").height == scores.height


def test_json_is_all_that_a_program_finds_on_stdout(traces: Path, tmp_path: Path) -> None:
    done = scroogevm("replay", traces / "fleet", "-o", tmp_path / "out", *QUICK, "--json")
    rows = json.loads(done.stdout)
    assert {row["strategy"] for row in rows} == {"greedy", "n-sigma:n=3"}


def test_a_few_nodes_are_also_told_one_by_one(traces: Path, tmp_path: Path) -> None:
    hostile = predecessor()
    hostile["config"]["node_name"] = "[red]evil\x1b[31m"
    (tmp_path / "two.json").write_text(json.dumps(hostile))
    words = ("replay", traces / "one.json", tmp_path / "two.json", *QUICK, "-o", tmp_path / "out")
    said = scroogevm(*words).stdout
    table = said.split("misprediction | violation of each node")[1]
    assert "one/node-a" in table
    assert "two/[red]evil?[31m" in table
    assert "\x1b" not in said
    scores = pl.read_ndjson(tmp_path / "out" / "node-scores.ndjson")
    row = scores.row(
        by_predicate=(pl.col("node") == "one/node-a")
        & (pl.col("resource") == "cpu")
        & (pl.col("strategy") == "greedy"),
        named=True,
    )
    assert f"{row['misprediction']:.2f} | {row['violation']:.2f}" in table


def test_workers_change_nothing_but_time(traces: Path, tmp_path: Path) -> None:
    for workers in ("1", "3"):
        words = ("--workers", workers, "--format", "parquet", "--estimates")
        done = scroogevm("replay", traces / "fleet", "-o", tmp_path / workers, *words)
        assert done.returncode == 0, done.stderr
    for table in ("estimates", "memos", "scores", "node-scores"):
        one, three = (pl.read_parquet(tmp_path / n / f"{table}.parquet") for n in ("1", "3"))
        assert one.equals(three), table


def test_a_converted_trace_replays_to_the_same_numbers(tmp_path: Path) -> None:
    source = GOLDEN / "churn-slices.json.xz"
    done = scroogevm("trace", "convert", source, "-o", tmp_path / "ours")
    assert done.returncode == 0, done.stderr
    demands = []
    for trace, name in ((source, "a"), (tmp_path / "ours", "b")):
        words = ("--format", "parquet", "--estimates")
        assert scroogevm("replay", trace, "-o", tmp_path / name, *words).returncode == 0
        estimates = pl.read_parquet(tmp_path / name / "estimates.parquet")
        demands.append(estimates.sort("window", "resource", "strategy")["demand"].to_numpy())
    np.testing.assert_allclose(demands[0], demands[1], rtol=1e-9)


def test_percentiles_and_shape_can_be_chosen(traces: Path, tmp_path: Path) -> None:
    words = (
        "-s",
        "percentile",
        "-s",
        "percentile:p=50",
        "--no-figures",
        "--estimates",
        "--cpu",
        "99",
    )
    for name, more in (("a", ()), ("b", ("--mem", "50")), ("c", ("--history", "0"))):
        done = scroogevm("replay", traces / "fleet", "-o", tmp_path / name, *words, *more)
        assert done.returncode == 0, done.stderr
    demand = {
        name: pl.read_parquet(tmp_path / name / "estimates.parquet")
        .group_by("resource", "strategy")
        .agg(pl.col("demand").sum())
        .rows_by_key(("resource", "strategy"), unique=True)
        for name in ("a", "b", "c")
    }
    assert demand["a"]["cpu", "percentile"] > demand["a"]["cpu", "percentile:p=50"]
    assert demand["b"]["mem", "percentile"] == demand["b"]["mem", "percentile:p=50"]
    assert demand["c"]["cpu", "percentile"] != demand["a"]["cpu", "percentile"]


def test_settings_come_from_the_command_line_the_environment_then_a_file(
    traces: Path, tmp_path: Path
) -> None:
    file = tmp_path / "settings.toml"
    file.write_text('[replay]\nstrategy = ["borg"]\nfigures = false\nformat = ["json"]\n')
    words = ("--config", file, "replay", traces / "fleet", "--json", "-o")
    found = {}
    for name, env, more in (
        ("file", {}, ()),
        ("environment", {"SCROOGEVM_REPLAY_STRATEGY": "doa"}, ()),
        ("line", {"SCROOGEVM_REPLAY_STRATEGY": "doa"}, ("-s", "greedy")),
    ):
        done = scroogevm(*words, tmp_path / name, *more, env=env)
        assert done.returncode == 0, done.stderr
        found[name] = {row["strategy"] for row in json.loads(done.stdout)}
        assert not (tmp_path / name / "scores.csv").exists()
    assert found == {"file": {"borg"}, "environment": {"doa"}, "line": {"greedy"}}
    file.write_text("[replay]\nhistorie = 3\n[collect]\nport = 1\n")
    line = fails(2, "--config", file, "replay", traces / "fleet", "-o", tmp_path / "x")
    assert (
        "line 2: replay.historie is unknown; did you mean 'history'?; line 4: collect.port" in line
    )


def test_misuse_is_told_all_at_once(traces: Path, tmp_path: Path) -> None:
    words = ("-s", "gredy", "-s", "n-sigma:n=-1", "--history", "-1", "--cpu", "101")
    line = fails(2, "replay", traces / "none.json", "-o", tmp_path / "out", *words)
    for problem in (
        "did you mean 'greedy'?",
        "n: -1.0 is out of range",
        "--history -1 is not from 0",
        "--cpu 101 is not from 0 to 100",
        "none.json: does not exist",
    ):
        assert problem in line
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("bad", ["nan", "inf", "1e9"])
def test_numbers_that_are_none_are_misuse(traces: Path, tmp_path: Path, bad: str) -> None:
    fails(2, "replay", traces / "fleet", "-o", tmp_path / "out", "--coverage", bad)


def test_a_spoilt_trace_fails_with_its_place(traces: Path, tmp_path: Path) -> None:
    text = (traces / "one.json").read_text()
    (tmp_path / "bad.json").write_text(text[:-30])
    line = fails(1, "replay", tmp_path / "bad.json", "-o", tmp_path / "out")
    assert "bad.json: is not JSON" in line
    shutil.copytree(traces / "fleet", tmp_path / "fleet")
    (tmp_path / "fleet" / "vms" / "00001.parquet").write_bytes(b"PAR1 nonsense")
    line = fails(1, "replay", tmp_path / "fleet", "-o", tmp_path / "out", *QUICK)
    assert "vms/00001.parquet: cannot be read" in line
    assert list(tmp_path.glob(".*")) == []
    assert not (tmp_path / "out").exists()


def test_output_is_only_replaced_when_told_to_and_only_if_it_is_ours(
    traces: Path, tmp_path: Path
) -> None:
    words = ("replay", traces / "one.json", *QUICK, "-o")
    assert scroogevm(*words, tmp_path / "out").returncode == 0
    assert "add --force" in fails(2, *words, tmp_path / "out")
    assert scroogevm(*words, tmp_path / "out", "--force").returncode == 0
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter").write_text("dear")
    assert "was not written by" in fails(2, *words, tmp_path / "home", "--force")
    assert (tmp_path / "home" / "letter").read_text() == "dear"
    (tmp_path / "file").write_text("dear")
    fails(2, *words, tmp_path / "file", "--force")


def test_what_somebody_put_into_a_report_stays_when_it_is_replaced(
    traces: Path, tmp_path: Path
) -> None:
    words = ("replay", traces / "one.json", *QUICK, "-o", tmp_path / "r")
    assert scroogevm(*words).returncode == 0
    (tmp_path / "r" / "notes.txt").write_text("mine")
    before = (tmp_path / "r" / "scores.parquet").stat().st_ino
    assert scroogevm(*words, "--force").returncode == 0
    assert (tmp_path / "r" / "notes.txt").read_text() == "mine"
    assert (tmp_path / "r" / "scores.parquet").stat().st_ino != before


@pytest.mark.parametrize("workers", ["0", "-1", "1025"])
def test_fewer_workers_than_one_are_refused(traces: Path, tmp_path: Path, workers: str) -> None:
    trace = traces / "one.json"
    for words in (("replay", trace, "-o", tmp_path / "r"), ("quiescence", trace)):
        line = fails(2, *words, "--workers", workers)
        assert line == f"scroogevm: --workers {workers} is not from 1 to 1024\n"
    assert not (tmp_path / "r").exists()


def test_a_trace_inside_the_output_is_not_replaced(traces: Path, tmp_path: Path) -> None:
    words = ("replay", traces / "one.json", *QUICK, "-o", tmp_path / "out")
    assert scroogevm(*words).returncode == 0
    kept = shutil.copy(traces / "one.json", tmp_path / "out")
    line = fails(2, "replay", kept, *QUICK, "-o", tmp_path / "out", "--force")
    assert "which would be replaced" in line
    assert Path(kept).exists()


def test_an_unwritable_place_fails_in_one_line(traces: Path) -> None:
    line = fails(1, "replay", traces / "one.json", *QUICK, "-o", "/proc/nowhere/out")
    assert "cannot be written" in line


@contextlib.contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of a few hundred KiB."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system, and not everywhere")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_full_disk_fails_in_one_line_and_leaves_nothing(
    traces: Path, tmp_path: Path, workers: str
) -> None:
    with small_disk(tmp_path / "disk", "64k") as disk:
        words = ("--workers", workers, "--dump")
        line = fails(1, "replay", traces / "fleet", "-o", disk / "out", *words)
        assert "No space left on device" in line
        assert list(disk.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "code", "workers"), [(signal.SIGINT, 130, "2"), (signal.SIGTERM, 143, "1")]
)
def test_an_interrupt_leaves_no_half_written_output(
    traces: Path, tmp_path: Path, number: signal.Signals, code: int, workers: str
) -> None:
    with _begun(traces, tmp_path, workers) as process:
        process.send_signal(number)
        _, said = process.communicate()
    assert process.returncode == code, said
    assert "Traceback" not in said
    assert list(tmp_path.iterdir()) == []


def test_a_kill_leaves_no_output_that_looks_whole(traces: Path, tmp_path: Path) -> None:
    with _begun(traces, tmp_path, "1") as process:
        process.kill()
        process.communicate()
    assert not (tmp_path / "out").exists()
    words = ("replay", traces / "one.json", *QUICK, "-o", tmp_path / "out")
    assert scroogevm(*words).returncode == 0


def test_workers_end_when_their_parent_is_killed(traces: Path, tmp_path: Path) -> None:
    with _begun(traces, tmp_path, "2") as process:
        process.kill()
        process.communicate(timeout=60)  # the pipes are closed once nobody has them any more


@contextlib.contextmanager
def _begun(traces: Path, tmp_path: Path, workers: str) -> Iterator["subprocess.Popen[str]"]:
    """A replay that has begun to write, of so many traces that it is not over soon."""
    many = [str(traces / "fleet")] * 40
    wanted = ("--workers", workers, "--dump")
    words = ("replay", *many, "-o", str(tmp_path / "out"), *wanted)
    process = subprocess.Popen(
        [SCROOGEVM, *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        while not list(tmp_path.glob(".out*/dump/*")):
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)  # the file system tells nobody of a new file without inotify
        yield process
    finally:
        process.kill()
        process.wait()
