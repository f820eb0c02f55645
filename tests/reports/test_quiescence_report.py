"""The report of quiescence tests in a real browser, and the figures beside it."""

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browsers import opened, pixels, running, settle
from driving import Chunks
from helpers import NAN, occurrences_of, random_windows
from scroogevm.engine import Engine
from scroogevm.pipeline import run
from scroogevm.ports import QUIESCENCE, RESOURCES, Shape
from scroogevm.reports.provenance import About
from scroogevm.reports.quiescence import QuiescenceOutcome, QuiescenceSinks
from scroogevm.strategies._verdict import TestRunner
from scroogevm.traces.chunk import RecordedChunk

HOSTILE = ("</script><script>document.title='taken'</script>", "<img src=x onerror=alert(1)>", "$x")
TESTS = ("shift", "mean-band", "mean-band:a=2")


def write(
    directory: Path, names: tuple[str, ...] = HOSTILE, asked: tuple[str, ...] = TESTS,
    count: int = 12, *, figures: bool = False,
) -> QuiescenceOutcome:  # fmt: skip
    tests = {r: {name: QUIESCENCE.build(name, r) for name in asked} for r in RESOURCES}
    strategies = {
        r: {n: TestRunner(test) for n, test in named.items()} for r, named in tests.items()
    }
    windows = random_windows(8, nodes=len(names), count=count, samples=60, churn=0.03)
    windows[11].usage[0] = NAN
    chunk = RecordedChunk(
        Shape(1800.0, 1800.0), names, [replace(one, nodes=names) for one in occurrences_of(windows)]
    )
    traces = [Path(f"/deep/{HOSTILE[1]}")]
    about = About.of(traces, ["scroogevm", "quiescence", "/deep/a.json"], {"scope": "1800"}, tests)
    sinks = QuiescenceSinks(directory, about, figures=figures)
    run(Chunks([chunk]), lambda shape: Engine(strategies, shape.kept), sinks.sinks)
    return sinks.close()


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("report")
    write(directory)
    return directory / "report.html"


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running() as found:
        yield found


@pytest.fixture
def page(browser: Any, report: Path) -> Iterator[Any]:
    with opened(browser, report) as page:
        yield page


def told(page: Any) -> str:
    text: str = page.get_by_test_id("told").text_content()
    return text


def at(page: Any, window: int, windows: int = 12) -> None:
    """Point at a window in the figure."""
    page.locator("#usage").scroll_into_view_if_needed()
    plot = page.locator("#usage .u-over").bounding_box()
    share = (window + 0.5) / windows
    page.mouse.move(plot["x"] + plot["width"] * share, plot["y"] + plot["height"] / 2)
    settle(page)


def test_the_window_pointed_at_is_told_with_what_decided_it_and_what_it_was_compared_with(
    page: Any,
) -> None:
    at(page, 9)
    text = told(page)
    assert re.match(
        r"Window 9, 4\.50 . 5\.00 h: (not )?quiescent, \w+ [+-]?[\d.]+ cores, limit", text
    )
    assert text.endswith("Compared with 5, 6, 7, 8.")
    row = page.locator("tr.pointed")
    assert row.count() == 1
    assert row.get_attribute("data-window") == "9"
    at(page, 1)
    assert "not judged, fewer than 4 windows with samples were kept before." in told(page)
    at(page, 11)
    assert "not judged, too few samples." in told(page)
    page.mouse.move(0, 0)


def test_every_row_says_what_the_table_beside_the_page_says(page: Any, report: Path) -> None:
    lines = (report.parent / "verdicts.ndjson").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    for test in TESTS:
        page.locator(f"[data-choice='{test}']").click()
        shown = page.locator("#windows tbody tr").all()
        wanted = [
            r for r in rows
            if (r["node"], r["resource"], r["test"]) == (HOSTILE[0], "cpu", test)
        ]  # fmt: skip
        assert len(shown) == len(wanted) == 12
        for row, expected in zip(shown, wanted, strict=True):
            assert expected["verdict"] in row.locator("td").nth(1).text_content()
            assert row.locator("td").nth(2).text_content() == expected["decided"]
            beyond = row.locator("td.beyond").count()
            assert (beyond > 0) == (expected["verdict"] == "not quiescent")


def test_node_resource_and_test_can_be_chosen(page: Any) -> None:
    seen = {pixels(page, "usage")}
    page.get_by_test_id("panel").select_option(index=2)
    seen.add(pixels(page, "usage"))
    page.locator("[data-choice=mem]").click()
    seen.add(pixels(page, "usage"))
    page.locator("[data-choice=mean-band]").click()
    seen.add(pixels(page, "usage"))
    assert len(seen) == 4
    label = page.locator("#usage").get_attribute("aria-label")
    assert "memory, with the verdicts of mean-band" in label
    assert "mean / limit, GiB" in page.locator("#windows thead").text_content()


def test_a_row_that_is_pointed_at_is_marked_in_the_figure(page: Any) -> None:
    page.mouse.move(0, 0)
    before = pixels(page, "usage")
    page.locator("#windows tr[data-window='5']").hover()
    settle(page)
    assert pixels(page, "usage") != before
    assert told(page).startswith("Window 5,")


def test_a_zoom_goes_across_both_figures_and_back(page: Any) -> None:
    page.locator("#usage").scroll_into_view_if_needed()
    page.mouse.move(0, 0)
    settle(page)
    whole = [pixels(page, chart) for chart in ("usage", "strips")]
    plot = page.locator("#usage .u-over").bounding_box()
    y = plot["y"] + plot["height"] / 2
    page.mouse.move(plot["x"] + plot["width"] * 0.3, y)
    page.mouse.down()
    page.mouse.move(plot["x"] + plot["width"] * 0.6, y)
    page.mouse.up()
    page.mouse.move(0, 0)
    settle(page)
    assert all(pixels(page, c) != w for c, w in zip(("usage", "strips"), whole, strict=True))
    page.get_by_test_id("whole").click()
    page.mouse.move(0, 0)
    settle(page)
    assert [pixels(page, chart) for chart in ("usage", "strips")] == whole


def test_hostile_names_are_only_names(page: Any) -> None:
    assert page.locator("#panel option").all_text_contents() == list(HOSTILE)
    assert page.title().startswith("ScroogeVM quiescence: ")
    assert page.locator("img").count() == 0
    assert "/deep" not in page.content()


@pytest.mark.parametrize("width", [360, 768, 1600])
def test_no_width_makes_the_page_scroll_sideways(page: Any, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    settle(page)
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_one_test_alone_needs_no_choice(browser: Any, tmp_path: Path) -> None:
    write(tmp_path, ("n",), ("shift",))
    with opened(browser, tmp_path / "report.html") as page:
        assert not page.locator("#tests").is_visible()
        assert not page.locator("#every").is_visible()
        assert page.locator("#usage canvas").count() == 1


def test_long_traces_make_no_huge_report(tmp_path: Path) -> None:
    write(tmp_path, tuple(f"n{at}" for at in range(40)), TESTS, count=400)
    path = tmp_path / "report.html"
    assert path.stat().st_size < 4_500_000
    text = re.search(r'id="data">(.*?)</script>', path.read_text(), re.DOTALL)
    assert text is not None
    data = json.loads(text[1], parse_constant=pytest.fail)
    assert 1 < len(data["panels"]) <= 24
    assert f"{len(data['panels'])} of 40 nodes can be chosen" in path.read_text()
    for panel in data["panels"]:
        assert len(panel["said"]["cpu"]["shift"]["said"]) == 400
        assert np.all(np.diff(panel["hours"]) > 0)


def test_figures_are_drawn_whatever_nodes_are_called(tmp_path: Path) -> None:
    outcome = write(tmp_path, ("$\\frac{</svg>", "名前\x00"), ("shift",), figures=True)
    assert not outcome.remarks
    drawn = list((tmp_path / "figures").iterdir())
    assert len(drawn) == 2 * 2 * 2
    for path in drawn:
        start = path.read_bytes()[:8]
        assert start == b"\x89PNG\r\n\x1a\n" or start.startswith(b"<?xml")


def test_without_matplotlib_there_is_a_remark_and_everything_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    outcome = write(tmp_path, figures=True)
    assert [line for line in outcome.remarks if "pip install 'scroogevm[plots]'" in line]
    assert (tmp_path / "report.html").is_file()
    assert (tmp_path / "verdicts.parquet").is_file()
