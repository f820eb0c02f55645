"""What a replay writes: the same facts in every format, however it was cut into chunks."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from driving import Chunks
from helpers import occurrences_of, random_windows, some_nodes, strategy_of
from scroogevm.core.window import Window
from scroogevm.engine import Engine
from scroogevm.pipeline import run
from scroogevm.ports import RESOURCES, Chunk, Shape, Strategy
from scroogevm.reports.node_selection import NODES_SHOWN
from scroogevm.reports.panel import absolute, cumulated
from scroogevm.reports.replay import MARKER, ReplayOutcome, replay_sinks
from scroogevm.reports.series import SeriesTable
from scroogevm.reports.settling import Settling
from scroogevm.reports.table import ResultTable
from scroogevm.scoring import SCORES
from scroogevm.traces.chunk import RecordedChunk

NAMES = ("greedy", "borg", "doa", "persistence", "oracle")
STRATEGIES = {resource: {n: strategy_of(n, resource) for n in NAMES} for resource in RESOURCES}


def chunk_of(windows: Sequence[Window], names: Sequence[str], slices: int = 1) -> Chunk:
    occurrences = occurrences_of(windows, slices=slices)
    return RecordedChunk(
        Shape(1800.0 * slices, 1800.0, history=2),
        tuple(names),
        [replace(occurrence, nodes=tuple(names)) for occurrence in occurrences],
    )


def replay(
    directory: Path,
    chunks: Sequence[Chunk],
    strategies: Mapping[str, Mapping[str, Strategy]] = STRATEGIES,
    *,
    figures: bool = False,
    estimates: bool = True,
) -> ReplayOutcome:
    directory.mkdir(parents=True, exist_ok=True)
    sinks = replay_sinks(
        directory,
        strategies,
        figures=figures,
        estimates=estimates,
        traces=[Path("/secret/t.json")],
    )
    run(Chunks(chunks), lambda shape: Engine(strategies, shape.kept, shape.slices), sinks)
    return sinks.close(["an oddity"])


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ReplayOutcome]:
    windows = random_windows(3, nodes=5, count=9, missing=0.3)
    blind = random_windows(4, nodes=1, count=9, missing=1.0)
    chunks = [
        chunk_of([some_nodes(w, [0, 1, 2]) for w in windows], ["a", "b", "c"], 3),
        chunk_of([some_nodes(w, [3, 4]) for w in windows], ["d", "e"], 3),
        chunk_of(blind, ["blind"], 3),
    ]
    directory = tmp_path_factory.mktemp("replay")
    return directory, replay(directory, chunks)


@pytest.mark.parametrize("name", ["estimates", "memos", "scores", "node-scores", "series"])
def test_every_format_holds_the_same(output: tuple[Path, ReplayOutcome], name: str) -> None:
    directory, _ = output
    parquet = pl.read_parquet(directory / f"{name}.parquet")
    read = pl.read_csv(directory / f"{name}.csv", schema=parquet.schema)
    assert_frame_equal(read, parquet, rel_tol=1e-12)
    listed = directory / f"{name}.json"
    if listed.exists():
        rows = json.loads(listed.read_text(), parse_constant=pytest.fail)
    else:
        lines = (directory / f"{name}.ndjson").read_text().splitlines()
        rows = [json.loads(line, parse_constant=pytest.fail) for line in lines]
    assert_frame_equal(pl.DataFrame(rows, schema=parquet.schema), parquet, rel_tol=1e-12)
    assert parquet.height > 0


def test_there_is_an_estimate_for_everything_and_missing_is_null(
    output: tuple[Path, ReplayOutcome],
) -> None:
    estimates = pl.read_parquet(output[0] / "estimates.parquet")
    assert estimates.height == 6 * 9 * len(RESOURCES) * len(NAMES)
    keys = estimates.select("node", "window", "resource", "strategy")
    assert keys.n_unique() == estimates.height
    floats = estimates.select(pl.col(pl.Float64))
    assert not any(floats.select(pl.all().is_nan().any()).row(0))
    blind = estimates.filter(pl.col("node") == "blind")
    assert blind["measured"].sum() == 0
    assert blind["p99"].null_count() == blind["shortfall"].null_count() == blind.height
    # Nothing was measured, so what the VMs were promised stands.
    assert_frame_equal(
        blind.select(pl.col("demand")), blind.select(pl.col("allocated").alias("demand"))
    )


def test_the_promise_is_the_largest_demand_over_the_slices(
    output: tuple[Path, ReplayOutcome],
) -> None:
    rows = pl.read_parquet(output[0] / "estimates.parquet").sort(
        "node", "resource", "strategy", "window"
    )
    largest = rows.with_columns(
        pl.col("demand").rolling_max(3).over("node", "resource", "strategy")
    ).filter(pl.col("window") >= 2)
    assert largest["promise"].to_list() == pytest.approx(largest["demand"].to_list())
    free = (rows["capacity"] - rows["promise"]).clip(0)
    assert rows["free"].to_list() == pytest.approx(free.to_list())


def test_memos_explain_each_demand_of_doa(output: tuple[Path, ReplayOutcome]) -> None:
    keys = ("node", "window", "resource", "strategy")
    estimates = pl.read_parquet(output[0] / "estimates.parquet")
    explained = estimates.join(
        pl.read_parquet(output[0] / "memos.parquet").filter(name="d", strategy="doa"), on=keys
    )
    assert explained.height == estimates.filter(pl.col("measured"), strategy="doa").height
    assert explained["value"].to_list() == explained["demand"].to_list()


def test_the_fleet_is_the_mean_of_its_nodes(output: tuple[Path, ReplayOutcome]) -> None:
    directory, outcome = output
    nodes = pl.read_parquet(directory / "node-scores.parquet")
    for name in ("decreases", "churn", "misprediction", "violation", "corrections"):
        means = nodes.group_by("resource", "strategy").agg(pl.col(name).mean())
        both = outcome.scores.join(means, on=["resource", "strategy"])
        assert both[name].to_list() == pytest.approx(both[f"{name}_right"].to_list())


def test_scores_are_sorted_and_those_that_look_ahead_stand_last(
    output: tuple[Path, ReplayOutcome],
) -> None:
    scores = output[1].scores
    assert scores.columns == ["resource", "strategy", "looks_ahead", "asked", *SCORES]
    for resource in RESOURCES:
        mine = scores.filter(resource=resource)
        assert mine["strategy"].to_list()[-1] == "oracle"
        assert mine["looks_ahead"].to_list() == [False] * 4 + [True]
        assert mine["misprediction"][:4].is_sorted()


def test_windows_are_counted(output: tuple[Path, ReplayOutcome]) -> None:
    directory, outcome = output
    assert outcome.nodes == 6
    assert outcome.judged == dict.fromkeys(RESOURCES, 5 * 8)
    assert outcome.unmeasured == dict.fromkeys(RESOURCES, 9)
    assert list(outcome.remarks) == ["an oddity"]
    about = json.loads((directory / MARKER).read_text())
    assert (about["nodes"], about["judged"]) == (6, outcome.judged)
    assert about["traces"] == ["t.json"]
    assert set(about["strategies"]) == set(NAMES)


def test_no_file_names_a_folder_of_this_machine(output: tuple[Path, ReplayOutcome]) -> None:
    for path in output[0].rglob("*"):
        if path.suffix in (".json", ".html", ".csv"):
            text = path.read_text()
            assert "/secret" not in text
            assert str(output[0]) not in text


def test_the_figures_end_where_the_scores_do(tmp_path: Path) -> None:
    outcome = replay(tmp_path, [chunk_of(random_windows(5, nodes=3), "abc")])
    series = pl.read_parquet(tmp_path / "series.parquet")
    for row in outcome.scores.iter_rows(named=True):
        mine = series.filter(resource=row["resource"], strategy=row["strategy"])
        said = {name: mine[name].to_numpy() for name in ("misprediction", "violation")}
        assert cumulated(absolute(said))[-1] == pytest.approx(row["misprediction"])
        assert cumulated(said["violation"])[-1] == pytest.approx(row["violation"])


@settings(max_examples=10, deadline=None)
@given(cut=st.integers(1, 5), seed=st.integers(0, 100))
def test_chunks_do_not_matter(
    tmp_path_factory: pytest.TempPathFactory, cut: int, seed: int
) -> None:
    windows, names = random_windows(seed, nodes=6, missing=0.2), "abcdef"
    whole = tmp_path_factory.mktemp("whole")
    parted = tmp_path_factory.mktemp("parted")
    first, second = list(range(cut)), list(range(cut, 6))
    parts = [
        chunk_of([some_nodes(w, part) for w in windows], [names[n] for n in part])
        for part in (first, second)
    ]
    one = replay(whole, [chunk_of(windows, names)])
    two = replay(parted, parts)
    assert_frame_equal(one.scores, two.scores)
    for table in ("estimates", "series"):
        keys = [
            k
            for k in ("node", "window", "resource", "strategy")
            if table != "series" or k != "node"
        ]
        frames = [pl.read_parquet(d / f"{table}.parquet").sort(keys) for d in (whole, parted)]
        assert_frame_equal(*frames)


def test_the_same_replay_gives_the_same_bytes(tmp_path: Path) -> None:
    chunk = chunk_of(random_windows(6, nodes=1, count=4), "a")
    few = {"cpu": {"greedy": strategy_of("greedy")}}
    for name in ("one", "two"):
        replay(tmp_path / name, [chunk], few, figures=True)
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.*"))
    assert len(files) > 20
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), (
            file
        )


def test_the_nodes_kept_are_bounded_and_the_worst_are_among_them(tmp_path: Path) -> None:
    nodes = 60
    names = [f"n{number}" for number in range(nodes)]
    windows = random_windows(7, nodes=nodes, vms=2)
    wild = [45, 58]
    for window in windows:
        window.usage[wild] *= np.random.default_rng(int(window.usage[0, 0] * 1e9)).uniform(0, 30)
    series = SeriesTable(tmp_path, ["parquet"], nodes=NODES_SHOWN)
    chunks = [
        chunk_of([some_nodes(w, range(at, at + 20)) for w in windows], names[at : at + 20])
        for at in range(0, nodes, 20)
    ]
    settling = Settling([series])
    borg = {"cpu": {"persistence": strategy_of("persistence")}}
    run(Chunks(chunks), lambda shape: Engine(borg, shape.kept, shape.slices), [settling])
    kept = [panel.name for panel in series.nodes()]
    assert len(kept) == NODES_SHOWN
    assert kept == sorted(kept, key=names.index)
    assert kept[: NODES_SHOWN // 3] == names[: NODES_SHOWN // 3]
    assert {names[number] for number in wild} <= set(kept)


def test_a_table_larger_than_memory_is_the_same(tmp_path: Path) -> None:
    frames = [pl.DataFrame({"a": [float(i), float("nan")], "b": ["x", f"é{i}"]}) for i in range(9)]
    tables = {}
    for name, rows in (("small", 3), ("large", 1000)):
        table = ResultTable(tmp_path, name, ["parquet", "csv", "json"], lines=True, rows=rows)
        for frame in frames:
            table.append(frame)
        table.close()
        tables[name] = pl.read_parquet(tmp_path / f"{name}.parquet")
    assert_frame_equal(tables["small"], tables["large"])
    assert tables["small"]["a"].null_count() == len(frames)
    assert (tmp_path / "small.csv").read_bytes() == (tmp_path / "large.csv").read_bytes()
    assert (tmp_path / "small.ndjson").read_bytes() == (tmp_path / "large.ndjson").read_bytes()
    assert len(list(tmp_path.iterdir())) == 6


def test_a_trace_without_windows_is_no_accident(tmp_path: Path) -> None:
    outcome = replay(tmp_path, [chunk_of([], ["a"])], figures=True)
    assert outcome.scores.is_empty()
    assert (tmp_path / "report.html").is_file()


@pytest.mark.parametrize(
    "options", [["--format", "parquet"], ["--format", "csv"], ["--dump"], ["--estimates"]]
)
def test_a_full_disk_gives_one_line_and_leaves_nothing(tmp_path: Path, options: list[str]) -> None:
    trace = Path(__file__).parents[1] / "golden" / "churn-slices.json.xz"
    program = (
        "import resource; from scroogevm.__main__ import main; "
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000)); main()"
    )
    command = [sys.executable, "-c", program, "replay", str(trace), "-o", str(tmp_path / "out")]
    done = subprocess.run(
        [*command, "--no-figures", *options], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert str(tmp_path / "out") in line
    # Polars loses the reason when the disk is full at the foot of a Parquet file.
    assert "File too large" in line or "Input/output error" in line
    assert list(tmp_path.iterdir()) == []
