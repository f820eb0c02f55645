"""The report as its reader sees it: on a wide and a narrow screen, of a few and of many nodes."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations, product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from browsers import opened, running, settle
from driving import Chunks
from helpers import occurrences_of, strategy_of
from scroogevm.core.window import VMs, Window
from scroogevm.engine import Engine
from scroogevm.pipeline import run
from scroogevm.ports import RESOURCES, Shape
from scroogevm.reports.replay import replay_sinks
from scroogevm.traces.chunk import RecordedChunk

NAMES = (
    "borg", "calibrated", "doa", "google-avg", "google-n-sigma", "greedy", "n-sigma", "oracle",
    "percentile", "persistence", "rc-like",
)  # fmt: skip
WIDTHS = (1400, 390)
NODES = (1, 500)
COUNT = 12


def idle(nodes: int) -> list[Window]:
    """Windows of VMs that use a tenth of what they were promised, more in some than in others."""
    rng = np.random.default_rng(nodes)
    vms = 4 * nodes
    on = np.repeat(np.arange(nodes), 4)
    windows = []
    for number in range(COUNT):
        level = 0.8 * (1 + 0.4 * np.sin(number)) + rng.uniform(-0.1, 0.1, (vms, 12))
        alive = VMs(np.arange(vms), on, np.full(vms, 8.0), level)
        used = alive.sum_rows(alive.usage, nodes)
        windows.append(
            Window(used, np.full(nodes, 40.0), alive.per_node(alive.allocated, nodes), alive)
        )
    return windows


def write(directory: Path, nodes: int) -> Path:
    strategies = {r: {n: strategy_of(n, r) for n in NAMES} for r in RESOURCES}
    names = tuple(f"node-{number:03}" for number in range(nodes))
    occurrences = [
        replace(one, nodes=names, vm_names=[f"vm-{n}" for n in range(4 * nodes)])
        for one in occurrences_of(idle(nodes))
    ]
    chunk = RecordedChunk(Shape(1800.0, 1800.0), names, occurrences)
    sinks = replay_sinks(directory, strategies, figures=False, formats=["json"])
    run(
        Chunks([chunk]),
        lambda shape: Engine(strategies, shape.kept, shape.slices),
        sinks,
        together=True,
    )
    sinks.close()
    return directory / "report.html"


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Path]:
    return {nodes: write(tmp_path_factory.mktemp(f"of-{nodes}"), nodes) for nodes in NODES}


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running() as found:
        yield found


@pytest.fixture(
    scope="module", params=product(NODES, WIDTHS), ids=lambda each: f"{each[0]}-{each[1]}px"
)
def page_seen(
    request: pytest.FixtureRequest, browser: Any, reports: dict[int, Path]
) -> Iterator[tuple[Any, int, int]]:
    """A report of so many nodes in a window so wide; a complaint, or a request, is a failure."""
    nodes, width = request.param
    with opened(browser, reports[nodes]) as page:
        page.set_viewport_size({"width": width, "height": 900})
        settle(page)
        yield page, nodes, width


RESET = """() => {
    const panel = document.getElementById('panel');
    panel.value = 0;
    panel.dispatchEvent(new Event('change'));
    document.querySelector('button[data-resource=cpu]').click();
}"""


@pytest.fixture
def seen(page_seen: tuple[Any, int, int]) -> tuple[Any, int, int]:
    """The same as it was when it was opened."""
    page_seen[0].evaluate(RESET)
    return page_seen


SHOW = """names => {
    for (const chip of document.querySelectorAll('#strategies button[data-strategy]'))
        if (String(names.includes(chip.dataset.strategy)) !== chip.getAttribute('aria-pressed'))
            chip.click();
}"""


def show(page: Any, *strategies: str) -> None:
    """Show these strategies, and no others."""
    page.evaluate(SHOW, strategies)
    settle(page)


def test_the_page_is_as_wide_as_the_screen_and_asks_for_nothing(seen: tuple[Any, int, int]) -> None:
    page, _, width = seen
    wide = "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    whole, screen = page.evaluate(wide)
    assert whole <= screen == width
    for chart in page.locator(".chart:visible").all():
        box = chart.bounding_box()
        drawn = chart.locator("canvas, svg").first.bounding_box()
        assert box["x"] <= drawn["x"]
        assert drawn["x"] + drawn["width"] <= box["x"] + box["width"] + 1


BOXES = """nodes => nodes.map(node => {
    const {left, top, right, bottom} = node.getBoundingClientRect();
    return [left, top, right, bottom, node.textContent];
})"""


def test_no_words_of_the_frontier_cover_each_other(seen: tuple[Any, int, int]) -> None:
    page, *_ = seen
    show(page, *NAMES)
    for resource in RESOURCES:
        page.locator(f"button[data-resource={resource}]").click()
        words = page.locator("#frontier text").evaluate_all(BOXES)
        for (x0, y0, x1, y1, one), (x2, y2, x3, y3, other) in combinations(words, 2):
            apart = x1 <= x2 or x3 <= x0 or y1 <= y2 or y3 <= y0
            assert apart, f"{one} covers {other}"
        said = {word for *_, word in words}
        assert said >= set(NAMES), "a point has no name"


HIGHEST = """colour => {
    const drawn = document.querySelector('#usage canvas'), copy = document.createElement('canvas');
    [copy.width, copy.height] = [drawn.width, drawn.height];
    const ctx = copy.getContext('2d', {willReadFrequently: true});
    ctx.drawImage(drawn, 0, 0);
    const over = document.querySelector('#usage .u-over'), ratio = devicePixelRatio;
    const [left, top] = [over.offsetLeft * ratio, over.offsetTop * ratio];
    const [wide, high] = [over.clientWidth * ratio, over.clientHeight * ratio];
    const {data} = ctx.getImageData(left, top, wide, high);
    for (let y = 0; y < high; y++) for (let x = 0; x < wide; x++) {
        const at = 4 * (y * wide + x);
        if (colour.every((c, n) => Math.abs(c - data[at + n]) < 12)) return 1 - y / high;
    }
    return 0;
}"""
"""How high in the plot the highest point of a line is, 0 for the bottom and 1 for the top."""


def colour_of(page: Any, strategy: str) -> list[int]:
    line = page.locator(f"button[data-strategy={strategy}] line").get_attribute("stroke")
    return [int(line[at : at + 2], 16) for at in (1, 3, 5)]


def test_demand_fills_the_plot_although_much_more_was_promised(seen: tuple[Any, int, int]) -> None:
    page, nodes, _ = seen
    show(page, "greedy")
    assert 0.5 <= page.evaluate(HIGHEST, colour_of(page, "greedy")) <= 0.95
    above = page.locator("#usage").locator("xpath=..").locator("figcaption").text_content()
    assert f"VMs were allocated {32 * nodes:,} cores" in above
    page.locator("#usage .u-over").hover()  # what is pointed at is read off a broken axis, too
    page.mouse.move(0, 0)
    settle(page)
    # A strategy that frees next to nothing leaves it so, and is seen above.
    show(page, "greedy", "borg")
    assert 0.5 <= page.evaluate(HIGHEST, colour_of(page, "greedy")) <= 0.8
    assert page.evaluate(HIGHEST, colour_of(page, "borg")) > 0.8


TABLES = """() => [...document.querySelectorAll('table:not(.u-legend)')]
    .filter(table => table.offsetParent).map(table => {
        const box = table.closest('.scroll');
        const hint = document.getElementById(box.getAttribute('aria-describedby'));
        return {
            aside: box.scrollWidth > box.clientWidth + 1,
            down: box.scrollHeight > box.clientHeight + 1,
            hint: hint?.innerText ?? '',
            name: box.getAttribute('aria-label'),
        };
    })"""


def test_every_table_fits_or_says_that_it_scrolls(seen: tuple[Any, int, int]) -> None:
    page, nodes, _ = seen
    if nodes > 1:
        page.get_by_test_id("panel").select_option(index=1)
    settle(page)
    settle(page)
    tables = page.evaluate(TABLES)
    assert len(tables) == 6
    for table in tables:
        told = table["hint"]
        assert ("to the right" in told) == table["aside"], table["name"]
        assert ("below" in told) == table["down"], table["name"]
        assert told.startswith("Scroll: ") == (table["aside"] or table["down"])
    scores = page.locator(".scroll:has([data-testid=scores-cpu])")
    hint = page.locator(f"#{scores.get_attribute('aria-describedby')}")
    heads = scores.locator("thead th")
    edge = scores.bounding_box()
    ends = [right for _, _, right, *_ in heads.evaluate_all(BOXES)]
    out = sum(right > edge["x"] + edge["width"] + 1 for right in ends)
    assert 0 < out < len(ends)
    assert f"{out} more column" in hint.inner_text()
    scores.evaluate("box => { box.scrollLeft = box.scrollWidth; }")
    settle(page)
    settle(page)
    assert "to the left" in hint.inner_text()
    assert "to the right" not in hint.inner_text()


def test_words_of_the_frontier_can_be_read_on_their_ground(seen: tuple[Any, int, int]) -> None:
    page, nodes, _ = seen
    page.emulate_media(color_scheme="dark" if nodes > 1 else "light")
    show(page, *NAMES)
    colours = page.locator("#frontier text").evaluate_all(
        "words => words.map(word => getComputedStyle(word).fill)"
    )
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    for colour in set(colours):
        here, behind = light(colour), light(ground)
        assert max(here, behind) / min(here, behind) >= 4.5, colour
    page.emulate_media(color_scheme="light")


def light(colour: str) -> float:
    """Luminance of ``rgb(…)`` as contrasts compare it."""
    channels = [int(part) / 255 for part in colour[4:-1].split(",")]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.05 + float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_only_a_report_of_several_nodes_speaks_of_several(seen: tuple[Any, int, int]) -> None:
    page, nodes, _ = seen
    assert page.locator("#panel").is_visible() == (nodes > 1)
    assert page.locator(".sums").is_visible() == (nodes > 1)
    assert page.locator("#asked-node").is_visible() == (nodes > 1)
