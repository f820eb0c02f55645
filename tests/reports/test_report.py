"""The report in a real browser, and the figures beside it."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browsers import opened, pixels, running, settle
from driving import Chunks
from helpers import occurrences_of, random_windows, strategy_of
from scroogevm.core.arrays import Floats
from scroogevm.engine import Engine
from scroogevm.pipeline import run
from scroogevm.ports import RESOURCES, Role, Shape
from scroogevm.reports.lines import POINTS
from scroogevm.reports.panel import DRAWN, USAGE, Panel
from scroogevm.reports.payload import payload
from scroogevm.reports.replay import ReplayOutcome, replay_sinks
from scroogevm.reports.styles import looks
from scroogevm.traces.chunk import RecordedChunk

HOSTILE = (
    "</script><script>document.title='taken'</script>",
    "<img src=x onerror=alert(1)>",
    "$\\x{",
)
NAMES = ("greedy", "borg", "doa", "n-sigma", "rc-like", "percentile", "persistence", "oracle")


def write(
    directory: Path,
    names: tuple[str, ...] = HOSTILE,
    asked: tuple[str, ...] = NAMES,
    resources: Sequence[str] = RESOURCES,
    origin: float = 0.0,
    **options: Any,
) -> ReplayOutcome:
    strategies = {r: {n: strategy_of(n, r) for n in asked} for r in resources}
    windows = random_windows(8, nodes=len(names), count=10)
    occurrences = [
        replace(one, end=origin + one.end, nodes=names) for one in occurrences_of(windows)
    ]
    chunk = RecordedChunk(Shape(1800.0, 1800.0, origin=origin), names, occurrences)
    sinks = replay_sinks(
        directory,
        strategies,
        traces=[Path(f"/deep/{HOSTILE[1]}")],
        command=["scroogevm", "replay", "/deep/down/a.json", "-o", "/deep/out"],
        **options,
    )
    run(Chunks([chunk]), lambda shape: Engine(strategies, shape.kept, shape.slices), sinks)
    return sinks.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("report")
    write(directory, figures=False)
    return directory / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running() as found:
        yield found


@pytest.fixture
def page(browser: Any, report: Path) -> Iterator[Any]:
    with opened(browser, report) as page:
        yield page


CHARTS = ("usage", "misprediction", "cumulated", "violation", "ratio")


def test_every_figure_is_drawn_and_described(page: Any) -> None:
    for chart in CHARTS:
        assert page.locator(f"#{chart} canvas").count() == 1
        assert "greedy" in page.locator(f"#{chart}").get_attribute("aria-label")
    assert page.locator("#frontier circle").count() > 3


TIME = "#usage .u-legend .u-series:first-child"
"""What the legend says of the time below the pointer."""


@pytest.mark.parametrize(
    ("origin", "label", "shown"),
    [(0.0, "hour", r"^[\d.]+$"), (1_699_920_000.0, "time", r"^2023-11-14 \d\d:\d\d UTC$")],
)
def test_windows_have_dates_where_their_trace_has(
    browser: Any, tmp_path: Path, origin: float, label: str, shown: str
) -> None:
    write(tmp_path, ("a", "b"), figures=False, origin=origin)
    with opened(browser, tmp_path / "report.html") as page:
        page.locator("#usage .u-over").hover()
        assert page.locator(f"{TIME} .u-label").text_content() == label
        assert re.match(shown, page.locator(f"{TIME} .u-value").text_content())
        assert page.locator("dt", has_text=re.compile("^begin$")).count() == (origin > 0)
        first = page.locator(".freed").first.text_content()
        assert first.startswith("cpu: ")
        assert "would have freed" in first


def test_a_strategy_can_be_taken_away_and_brought_back(page: Any) -> None:
    before = {chart: pixels(page, chart) for chart in CHARTS}
    points = page.locator("#frontier circle").count()
    chip = page.locator("button[data-strategy=greedy]")
    chip.click()
    assert chip.get_attribute("aria-pressed") == "false"
    assert page.locator("#frontier circle").count() == points - 1
    assert all(pixels(page, chart) != before[chart] for chart in CHARTS)
    assert "greedy" not in page.locator("#usage").get_attribute("aria-label")
    chip.click()
    page.mouse.move(0, 0)
    assert page.locator("#frontier circle").count() == points


def test_node_and_resource_can_be_chosen(page: Any) -> None:
    fleet = pixels(page, "usage")
    page.get_by_test_id("panel").select_option(index=1)
    node = pixels(page, "usage")
    page.locator("button[data-resource=mem]").click()
    memory = pixels(page, "usage")
    assert len({fleet, node, memory}) == 3
    assert "memory" in page.locator("#usage").get_attribute("aria-label")


def test_hostile_names_are_only_names(page: Any) -> None:
    options = page.locator("#panel option").all_text_contents()
    assert options == ["all nodes", *HOSTILE]
    assert page.title().startswith("ScroogeVM replay: ")
    assert page.locator("img").count() == 0
    assert HOSTILE[1] in page.locator(".lead").text_content()


def test_a_zoom_goes_across_all_figures_and_back(page: Any) -> None:
    whole = {chart: pixels(page, chart) for chart in CHARTS}
    page.locator("#usage").scroll_into_view_if_needed()
    plot = page.locator("#usage .u-over").bounding_box()
    y = plot["y"] + plot["height"] / 2
    page.mouse.move(plot["x"] + plot["width"] * 0.3, y)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * 0.6, y)
    page.mouse.up()
    settle(page)
    zoomed = {chart: pixels(page, chart) for chart in CHARTS}
    assert all(zoomed[chart] != whole[chart] for chart in CHARTS)
    page.get_by_test_id("whole").click()
    page.mouse.move(0, 0)
    settle(page)
    assert {chart: pixels(page, chart) for chart in CHARTS} == whole


def test_verdicts_of_a_nodes_windows_are_listed_and_marked_below_its_usage(page: Any) -> None:
    assert "mean-band" not in page.get_by_test_id("counts").text_content()
    assert "greedy" in page.get_by_test_id("counts").text_content()
    assert not page.get_by_test_id("windows").is_visible()
    assert "Choose a node" in page.get_by_test_id("whose").text_content()
    page.get_by_test_id("panel").select_option(index=2)
    rows = page.locator("#windows tbody tr")
    assert rows.count() == 10
    judged = rows.filter(has_text=re.compile(r"(not )?quiescent.*mean [+-][\d.]+ cores, limit"))
    assert judged.count() == 6
    page.mouse.move(0, 0)
    settle(page)
    before = pixels(page, "usage")
    rows.nth(7).hover()
    settle(page)
    assert pixels(page, "usage") != before
    page.locator("button[data-resource=mem]").click()
    assert "GiB, limit" in rows.nth(9).text_content()


def test_the_table_sorts_by_a_column(page: Any) -> None:
    rows = "[data-testid=scores-cpu] tbody tr"
    heading = page.locator(
        "[data-testid=scores-cpu] thead button", has_text=re.compile("^savings$")
    )
    for way in (1, -1):
        heading.click()
        shown = page.locator(f"{rows} td:nth-child(2)").evaluate_all(
            "cells => cells.map(cell => Number(cell.dataset.value))"
        )
        assert shown == sorted(shown, reverse=way < 0)
        assert len(set(shown)) > 3


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_no_width_makes_the_page_scroll_sideways(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    settle(page)
    right = "document.querySelector('#usage canvas').getBoundingClientRect().right"
    assert page.evaluate(right) <= width
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_paper_is_white_also_from_a_dark_screen(page: Any) -> None:
    page.emulate_media(color_scheme="dark")
    dark = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    paper = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert (dark, paper) == ("rgb(20, 24, 30)", "rgb(255, 255, 255)")


def test_the_report_names_what_was_done_and_no_folder(report: Path) -> None:
    text = report.read_text()
    assert "scroogevm replay a.json -o out" in text
    assert "/deep" not in text
    assert "quiescence = mean-band(a = 1)" in text
    assert "27 judged, 0 with too few samples" in text


def test_a_huge_replay_makes_no_huge_report() -> None:
    rng = np.random.default_rng(0)
    names = [f"strategy-{number}" for number in range(18)]
    hours = np.arange(float(POINTS))

    def rows(keys: tuple[str, ...]) -> dict[str, Floats]:
        return {key: rng.uniform(0, 300, hours.size) for key in keys}

    panel = Panel(
        "n", hours, {r: rows(USAGE) for r in RESOURCES},
        {(r, n): rows(tuple(DRAWN)) for r in RESOURCES for n in names}, 8,
    )  # fmt: skip
    roles: dict[str, Role] = dict.fromkeys(names, "candidate")
    scores = [
        {"resource": r, "strategy": n, "looks_ahead": False, "savings": 0.5, "violation_rate": 0.1}
        for r in RESOURCES
        for n in names
    ]
    text, carried = payload([panel] * 25, looks(roles), roles, scores)
    assert len(text) < 4_500_000
    assert 1 < carried < 25
    content = json.loads(text, parse_constant=pytest.fail)
    assert content["panels"][0]["step"] == 8


def test_figures_are_drawn_whatever_nodes_are_called(tmp_path: Path) -> None:
    hostile = ("$\\frac{</svg>", "名前\x00")
    outcome = write(tmp_path, hostile, ("greedy", "doa", "oracle"), ["cpu"], figures=True)
    assert not outcome.remarks
    drawn = sorted(path.name for path in (tmp_path / "figures").iterdir())
    assert len(drawn) == 2 * (3 * 4 + 1)
    for name in ("fleet-cpu-usage.png", "fleet-cpu-frontier.svg"):
        assert name in drawn
    for path in (tmp_path / "figures").iterdir():
        start = path.read_bytes()[:8]
        assert start == b"\x89PNG\r\n\x1a\n" or start.startswith(b"<?xml")


def test_without_matplotlib_there_is_a_remark_and_everything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    outcome = write(tmp_path, figures=True)
    assert [line for line in outcome.remarks if "pip install 'scroogevm[plots]'" in line]
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "scores.parquet").is_file()
