"""``scroogevm serve`` in a process of its own writes into a real Placement, and shows it."""

from math import floor
from pathlib import Path
from typing import Any

import httpx

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
"""


def test_telemetry_becomes_candidates_and_candidates_vanish_with_it(
    cloud: Cloud, tmp_path: Path
) -> None:
    for name in NAMES:
        cloud.host(name, 4, 8192)
    config = tmp_path / "scroogevm.toml"
    before = ("--config", config)
    with exporting() as exporters:
        config.write_text(SETTINGS.format(mode="plan"))
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
        config.write_text(SETTINGS.format(mode="apply"))
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
            wait(lambda: "n1" not in cloud.candidates(1), "the silent node to take no VM")
            assert cloud.candidates(1) == {"n2"}
            exporters.pages["/n1"] = answer
            wait(lambda: "n1" in cloud.candidates(1), "the node to be offered again")
            cloud.change("n2", "VCPU", allocation_ratio=16.0)
            service.hears("n2 has stopped: VCPU: .* and somebody else wrote 16")
            metrics = httpx.get(f"{service.url}metrics").text
            assert 'scroogevm_sink_number{number="reverted",sink="placement"} 1.0' in metrics
            assert service.stop() == 0
    assert cloud.ratio("n2") == 16.0
    rolled = scroogevm("placement", "rollback", "--data", data, "--force")
    assert rolled.returncode == 0, rolled.stdout + rolled.stderr
    assert {cloud.ratio(name) for name in NAMES} == {1.0}


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
