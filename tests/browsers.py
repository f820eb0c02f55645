"""Pages in a real browser: whatever they complain of or ask the network for is a failure."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
ARGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


@contextmanager
def running() -> Iterator[Any]:
    """A browser; tests are skipped where there is none, but not in CI."""
    if not CHROMIUM.exists():
        if os.environ.get("CI"):
            pytest.fail("CI needs Chromium: apt-get install chromium")
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGS)
        yield browser
        browser.close()


@contextmanager
def opened(browser: Any, path: Path) -> Iterator[Any]:
    """A page of a file."""
    complaints: list[str] = []
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("dialog", lambda dialog: complaints.append(dialog.message))
    page.on("request", lambda asked: complaints.append(asked.url))
    page.goto(path.as_uri())
    yield page
    page.close()
    asked = [complaint for complaint in complaints if not complaint.startswith("data:")]
    assert asked == [path.as_uri()]


@contextmanager
def dashboard(
    browser: Any, address: str, page: str = "", *, wide: int = 1400, allowed: str = ""
) -> Iterator[Any]:
    """A page of the dashboard; complaints and requests to elsewhere are failures.

    Args:
        browser: the browser.
        address: of the dashboard.
        page: its place behind the hash.
        wide: pixels.
        allowed: what a complaint may have in it.
    """
    complaints: list[str] = []
    shown = browser.new_page(viewport={"width": wide, "height": 900})
    shown.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    shown.on("pageerror", lambda error: complaints.append(str(error)))
    shown.on(
        "request",
        lambda asked: (
            None if asked.url.startswith((address, "data:")) else complaints.append(asked.url)
        ),
    )
    shown.goto(f"{address}#/{page}")
    yield shown
    shown.close()
    assert [each for each in complaints if not allowed or allowed not in each] == []


def pixels(page: Any, chart: str) -> str:
    """What a chart shows."""
    drawn: str = page.evaluate(f"document.querySelector('#{chart} canvas').toDataURL()")
    return drawn


def settle(page: Any) -> None:
    """Let the browser lay out and paint."""
    page.evaluate("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
