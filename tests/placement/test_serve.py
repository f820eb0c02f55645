"""``scroogevm serve`` in a process of its own writes into a real Placement, and shows it."""

import signal
from math import floor
from pathlib import Path
from typing import Any

import httpx
import pytest

from browsers import dashboard, running
from commands import scroogevm
from openstacks import Cloud
from servers import wait
from service.serving import NAMES, Serving, answer, exporting

SETTINGS = """
[placement]
mode = "{mode}"
share = 1.0
rate = 100000
step = 10.0
period = "1s"
stopped = "{stopped}"
"""


def test_telemetry_becomes_candidates_and_candidates_vanish_with_it(
    cloud: Cloud, tmp_path: Path
) -> None:
    for name in NAMES:
        cloud.host(name, 4, 8192)
    config = tmp_path / "scroogevm.toml"
    before = ("--config", config)
    with exporting() as exporters:
        config.write_text(SETTINGS.format(mode="plan", stopped="keep"))
        with Serving(tmp_path, exporters, before=before, tokens=False, lost=8) as service:
            wait(lambda: all(service.state(name) == "ok" for name in NAMES), "offers")
            assert service.stop() == 0
        assert cloud.ratio("n1") == 1.0
        data = tmp_path / "scroogevm-data"
        words = ("--data", data, "--file", data / "status.json")
        adopted = scroogevm("placement", "adopt", *words)
        assert adopted.returncode == 0, adopted.stderr
        # Both VMs of a node were made through Nova: they count in Placement.
        for name in NAMES:
            cloud.place(name, 2)
            cloud.place(name, 2)
        assert cloud.candidates(1) == set()
        config.write_text(SETTINGS.format(mode="apply", stopped="keep"))
        with (
            Serving(tmp_path, exporters, before=before, tokens=False, lost=8) as service,
            running() as browser,
        ):
            wait(lambda: cloud.candidates(1) == set(NAMES), "room in Placement")
            assert 1.0 < cloud.ratio("n1") <= 2.0
            wait(
                lambda: not cloud.candidates(floor(service.offer("n1")["free"]) + 1),
                "no more room than is offered",
            )
            _looked_at(browser, service.url)
            wait(lambda: "n2" in cloud.candidates(2), "room on n2")
            taken = cloud.place("n2", 2)
            wait(lambda: "n2" not in cloud.candidates(2), "the VM to count")
            cloud.ask("DELETE", f"/allocations/{taken}", 204)
            cloud.consumers.discard(taken)
            exporters.pages["/n1"] = lambda handler: handler.say(500)
            wait(lambda: cloud.candidates(1) == {"n2"}, "the silent node alone to take no VM")
            exporters.pages["/n1"] = answer
            wait(lambda: "n1" in cloud.candidates(1), "the node to be offered again")
            cloud.change("n2", "VCPU", allocation_ratio=16.0)
            service.hears("n2 has stopped: VCPU: .* and somebody else wrote 16")
            wait(lambda: _unchanged(f"{service.url}api/v1/placement"), "the same plan twice")
            metrics = httpx.get(f"{service.url}metrics").text
            assert 'scroogevm_sink_number{number="reverted",sink="placement"} 1.0' in metrics
            assert service.stop() == 0
    assert cloud.ratio("n1") > 1.0  # ``stopped`` is ``keep``
    assert cloud.ratio("n2") == 16.0
    rolled = scroogevm("placement", "rollback", "--data", data, "--force")
    assert rolled.returncode == 0, rolled.stdout + rolled.stderr
    assert {cloud.ratio(name) for name in NAMES} == {1.0}


@pytest.mark.parametrize("stopped", ["start", "close"])
def test_what_becomes_of_ratios_when_the_service_ends_or_dies(
    cloud: Cloud, tmp_path: Path, stopped: str
) -> None:
    for name in NAMES:
        cloud.host(name, 4, 8192)
    before = cloud.whole()
    config, data = tmp_path / "scroogevm.toml", tmp_path / "scroogevm-data"
    config.write_text(SETTINGS.format(mode="apply", stopped=stopped))
    used = ("--config", config)
    with exporting() as exporters:
        with Serving(tmp_path, exporters, before=used, tokens=False, lost=8) as service:
            # Without a journal of what was there nothing is written.
            wait(lambda: all(service.state(name) == "ok" for name in NAMES), "offers")
            service.hears("placement: 2 nodes not written, since not adopted: n1, n2")
            assert cloud.whole() == before
            assert service.stop() == 0
        words = ("--data", data, "--file", data / "status.json")
        adopted = scroogevm("placement", "adopt", *words)
        assert adopted.returncode == 0, adopted.stderr
        for name in NAMES:
            cloud.place(name, 2)
            cloud.place(name, 2)
        with Serving(tmp_path, exporters, before=used, tokens=False, lost=8) as service:
            wait(lambda: cloud.candidates(1) == set(NAMES), "room in Placement")
            assert service.stop(signal.SIGKILL) == -signal.SIGKILL
        assert cloud.candidates(1) == set(NAMES)  # a dead process writes nothing
        with Serving(tmp_path, exporters, before=used, tokens=False, lost=8) as service:
            wait(lambda: _sent(service), "a window to reach Placement")
            assert service.stop() == 0
        assert cloud.candidates(1) == set()
        if stopped == "start":
            assert cloud.whole() == before
        rolled = scroogevm("placement", "rollback", "--data", data)
        assert rolled.returncode == 0, rolled.stdout + rolled.stderr
    assert cloud.whole() == before


def _unchanged(url: str) -> bool:
    """Whether an answer is asked for again, and is not sent again."""
    first = httpx.get(url).raise_for_status()
    again = httpx.get(url, headers={"If-None-Match": first.headers["ETag"]})
    return again.status_code == httpx.codes.NOT_MODIFIED and not again.content


def _sent(service: Serving) -> int:
    """Windows that Placement heard of from this process."""
    sinks = httpx.get(f"{service.url}api/v1/health").json()["sinks"]
    return int(next(one["sent"] for one in sinks if one["name"] == "placement"))


def _looked_at(browser: Any, url: str) -> None:
    """The pages show Placement, the plan and the writes."""
    with dashboard(browser, url) as page:
        page.get_by_role("link", name="Placement").click()
        page.wait_for_selector("text=Ratios are written as offers change.")
        page.wait_for_selector(".badge >> text=written")
        assert "n1" in page.inner_text("table >> nth=0")
        page.get_by_label("Search nodes by name").fill("n2")
        named = page.locator("table").first.get_by_text("n1", exact=True).first
        named.wait_for(state="detached")
        page.locator("a", has_text="n2").first.click()
        page.wait_for_selector("h2 >> text=Placement")
        assert "VCPU" in page.inner_text("main")
