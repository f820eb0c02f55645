"""The dashboard in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest

from browsers import dashboard, running
from web.serving import ADMIN, Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("web"), nodes=20) as found:
        yield found


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("web"), tokens=True) as found:
        yield found


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with running() as found:
        yield found


def page_of(
    browser: Any, served: Served, page: str = "", *, wide: int = 1400, allowed: str = ""
) -> Any:
    """A page of the dashboard."""
    return dashboard(browser, served.address, page, wide=wide, allowed=allowed)


def test_the_fleet_is_seen_at_a_glance(browser: Any, served: Served) -> None:
    with page_of(browser, served) as page:
        page.wait_for_selector(".rows .grid")
        assert page.inner_text("h1") == "Fleet"
        assert "of 320 cores free" in page.inner_text(".tiles")
        rows = page.locator(".rows .grid")
        assert rows.nth(0).inner_text().split("\n")[0] == "n1"
        silent = page.locator(".rows .grid", has_text="withdrawn")
        assert "nothing is offered" in silent.inner_text()
        label = silent.locator(".bar").nth(0).get_attribute("aria-label")
        assert label is not None
        assert "0 free of 16 cores" in label


def test_nodes_are_searched_filtered_and_sorted(browser: Any, served: Served) -> None:
    with page_of(browser, served) as page:
        page.wait_for_selector(".rows .grid")

        def first() -> str:
            text: str = page.locator(".rows .grid a").first.inner_text()
            return text

        page.get_by_role("button", name="cores free").click()
        heading = page.get_by_role("columnheader", name="cores free")
        assert heading.get_attribute("aria-sort") == "descending"
        assert first() != "n3"
        page.get_by_role("button", name="cores free").click()
        assert first() == "n3"
        page.get_by_label("Search nodes by name").fill("n1")
        assert page.locator(".rows .grid").count() == 11
        page.get_by_label("Search nodes by name").fill("")
        page.get_by_role("button", name="1 withdrawn").click()
        assert [page.locator(".rows .grid").count(), first()] == [1, "n3"]


def test_a_node_shows_what_it_used_and_why(browser: Any, served: Served) -> None:
    with page_of(browser, served) as page:
        page.wait_for_selector(".rows .grid")
        page.locator("a", has_text="n3").first.click()
        page.wait_for_selector(".chart canvas")
        assert page.locator(".chart canvas").count() == 2
        text = page.inner_text("main")
        assert "The newest sample is 60 min old (limit 5 min): nothing is offered." in text
        assert "Offered: 0 cores free." in text
        assert page.title().startswith("n3 ")


def test_ledger_what_if_and_health(browser: Any, served: Served) -> None:
    with page_of(browser, served, "ledger") as page:
        page.get_by_label("Period").select_option("a year")
        page.wait_for_selector("svg circle")
        assert "calibrated:risk=0.05" in page.inner_text("table >> nth=0")
        page.get_by_role("link", name="What if").click()
        page.get_by_label("VMs").fill("3")
        page.get_by_role("button", name="Place").click()
        page.wait_for_selector("text=All 3 can be placed")
        page.get_by_label("VMs").fill("100000")
        page.get_by_role("button", name="Place").click()
        page.wait_for_selector(".alert >> text=can be placed")
        page.get_by_role("link", name="Health").click()
        page.wait_for_selector("text=no sample for 60 min")
        page.wait_for_selector(".events >> text=cpu of n3 is withdrawn")


def test_a_hold_needs_a_token_and_shows_at_once(browser: Any, guarded: Served) -> None:
    with page_of(browser, guarded, "node/n1", allowed="401") as page:
        page.get_by_label("Token", exact=True).fill(ADMIN)
        page.get_by_role("button", name="Use it").click()
        page.wait_for_selector(".chart canvas")
        page.get_by_role("button", name="Hold this node").click()
        page.wait_for_selector("text=Held by ann")
        page.get_by_role("button", name="End the hold").click()
        page.wait_for_selector("text=Hold this node")


def test_the_keyboard_goes_everywhere(browser: Any, served: Served) -> None:
    with page_of(browser, served) as page:
        page.wait_for_selector(".rows .grid")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
        reached = set()
        for _ in range(60):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.textContent.trim()"))
        assert {"Ledger", "Health", "Node", "Why", "n1"} <= reached


@pytest.mark.parametrize("wide", [390, 1400])
@pytest.mark.parametrize("name", ["", "node/n2", "ledger", "what-if", "health"])
def test_pages_fit_their_screens(browser: Any, served: Served, name: str, wide: int) -> None:
    with page_of(browser, served, name, wide=wide) as page:
        page.wait_for_selector("h1")
        scrolled = page.evaluate("document.documentElement.scrollWidth")
        assert scrolled <= wide
