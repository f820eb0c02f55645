"""Rates that were asked for beside those that came: what is counted, and what the report shows."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from browsers import opened, running, settle
from driving import Chunks
from helpers import occurrences_of, random_windows, some_nodes
from scroogevm.engine import Engine
from scroogevm.pipeline import run
from scroogevm.ports import RESOURCES, STRATEGIES, Chunk, Shape
from scroogevm.reports.reasons import UNMEASURED, WINDOWS_EXPLAINED
from scroogevm.reports.reliability import AGES, BY
from scroogevm.reports.replay import replay_sinks
from scroogevm.traces.chunk import RecordedChunk

HOUR = 3600.0
ASKED = {"calibrated:risk=0.1": 0.1, "calibrated:risk=0.02": 0.02}
PLAIN = {r: {"greedy": STRATEGIES.build("greedy", r)} for r in RESOURCES}
BOTH = {r: PLAIN[r] | {name: STRATEGIES.build(name, r) for name in ASKED} for r in RESOURCES}


def chunks_of(seed: int, parts: Sequence[Sequence[int]], count: int = 60) -> list[Chunk]:
    windows = random_windows(seed, nodes=6, count=count, churn=0.05, missing=0.02)
    windows[count - 2].usage[1] = np.nan
    chunks: list[Chunk] = []
    for part in parts:
        names = tuple(f"n{node}" for node in part)
        cut = occurrences_of([some_nodes(window, list(part)) for window in windows], seconds=HOUR)
        chunks.append(
            RecordedChunk(Shape(HOUR, HOUR), names, [replace(each, nodes=names) for each in cut])
        )
    return chunks


def replayed(directory: Path, seed: int, parts: Sequence[Sequence[int]]) -> Path:
    directory.mkdir()
    sinks = replay_sinks(directory, BOTH, figures=False)
    run(
        Chunks(chunks_of(seed, parts)),
        lambda shape: Engine(BOTH, shape.kept, shape.slices, seconds=HOUR),
        sinks,
        together=True,
    )
    sinks.close()
    return directory


def table(directory: Path) -> pl.DataFrame:
    return pl.read_parquet(directory / "reliability.parquet")


@pytest.fixture(scope="module")
def output(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return replayed(tmp_path_factory.mktemp("reliability") / "out", 3, [[0, 1, 2, 3, 4, 5]])


def test_each_way_of_telling_windows_apart_counts_all_of_them(output: Path) -> None:
    found = table(output)
    assert set(found["by"]) == set(BY)
    assert set(found["strategy"]) == set(ASKED)
    sums = found.group_by("resource", "strategy", "by").agg(pl.col("windows", "short").sum())
    for _, each in sums.group_by("resource", "strategy"):
        assert each["windows"].n_unique() == each["short"].n_unique() == 1
    for strategy, risk in ASKED.items():
        assert set(found.filter(strategy=strategy)["risk"]) == {risk}
    mine = found.filter(resource="cpu", strategy="calibrated:risk=0.1")
    assert mine.filter(by="hour")["value"].to_list() == [str(hour) for hour in range(24)]
    assert mine.filter(by="day")["value"].to_list() == ["0", "1", "2"]
    assert mine.filter(by="arrival")["value"].to_list() == list(AGES)
    assert mine["short"].sum() > 0


def test_rates_of_nodes_are_what_coverage_leaves(output: Path) -> None:
    nodes = pl.read_parquet(output / "node-scores.parquet")
    keys = ["node", "resource", "strategy"]
    mine = table(output).filter(by="node").rename({"value": "node", "windows": "counted"})
    both = mine.join(nodes, on=keys)
    assert both.height == 6 * 2 * 2
    np.testing.assert_allclose(both["rate"], 1 - both["coverage"], atol=1e-12)
    np.testing.assert_array_equal(both["counted"], both["windows"])
    fleet = pl.read_parquet(output / "scores.parquet").drop_nulls("asked")
    asked = dict(zip(fleet["strategy"], fleet["asked"], strict=True))
    assert asked == {name: 1 - risk for name, risk in ASKED.items()}


@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 100))
def test_how_nodes_are_spread_over_chunks_changes_no_count(
    seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("spread")
    whole = table(replayed(place / "whole", seed, [[0, 1, 2, 3, 4, 5]]))
    parts = table(replayed(place / "parts", seed, [[0, 1, 2], [3], [4, 5]]))
    assert_frame_equal(whole, parts)


def test_the_report_draws_what_was_asked_and_got_and_says_why(output: Path) -> None:
    with running() as browser, opened(browser, output / "report.html") as page:
        settle(page)
        assert page.locator("#asked-got circle").count() == len(ASKED)
        label = page.locator("#asked-got").get_attribute("aria-label")
        assert "calibrated:risk=0.1: requested 10 %, measured" in label
        for by in ("node", "hour", "day", "arrival"):
            assert page.locator(f"#asked-{by} polyline").count() == 2 * len(ASKED)
        page.locator("button[data-strategy='calibrated:risk=0.1']").click()
        assert page.locator("#asked-hour polyline").count() == 2
        assert page.locator("#why").is_hidden()
        page.locator("#panel").select_option(label="n1")
        rows = page.locator("[data-testid=reasons] tr")
        assert rows.count() == len(ASKED) * WINDOWS_EXPLAINED
        assert rows.nth(1).locator("td").last.text_content() == UNMEASURED
        assert "node-windows of all nodes" in rows.nth(9).text_content()


def test_without_a_strategy_that_states_a_risk_nothing_is_said_of_it(tmp_path: Path) -> None:
    sinks = replay_sinks(tmp_path, PLAIN, figures=False)
    run(
        Chunks(chunks_of(1, [[0, 1]], 8)),
        lambda shape: Engine(PLAIN, shape.kept, shape.slices),
        sinks,
    )
    sinks.close()
    assert not list(tmp_path.glob("reliability.*"))
    assert 'id="asked"' not in (tmp_path / "report.html").read_text("utf-8")
