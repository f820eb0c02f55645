"""The memory companion as a part of the service: page, API, metrics; on libvirt's test node."""

from importlib.util import find_spec
from pathlib import Path

import httpx
import pytest

from browsers import dashboard, running
from commands import fails
from servers import INSTALLS, missing, wait
from service.serving import Serving, exporting

SETTINGS = """
[balloon]
node = ["n1=test:///default", "n2=test:///nowhere"]
interval = "0.5s"
mode = "{mode}"
"""


@pytest.mark.parametrize("mode", ["plan", "apply"])
def test_the_service_shows_what_the_companion_does(tmp_path: Path, mode: str) -> None:
    if find_spec("libvirt") is None:
        missing(f"no libvirt module here: {INSTALLS}")
    config = tmp_path / "scroogevm.toml"
    config.write_text(SETTINGS.format(mode=mode))
    with (
        exporting() as exporters,
        Serving(tmp_path, exporters, before=("--config", config), tokens=False) as service,
    ):
        api = f"{service.url}api/v1/balloon"
        nodes = wait(lambda: len(httpx.get(api).json().get("nodes", ())) == 2, "both nodes")
        assert nodes
        found = httpx.get(api, params={"node": "n1"}).json()
        assert (found["mode"], found["policy"]) == (mode, "pressure")
        assert (found["nodes"][0]["vms"], found["nodes"][0]["refused"]) == (1, 1)
        assert (found["totals"]["nodes"], found["totals"]["unseen"]) == (2, 1)
        (row,) = httpx.get(f"{api}/vms", params={"node": "n1"}).json()["vms"]
        vm = row["vm"]
        assert (row["node"], vm["name"], vm["act"]) == ("n1", "test", "refuse")
        assert vm["reason"]
        assert httpx.get(f"{api}/vms", params={"act": "shrink"}).json()["total"] == 0
        metrics = httpx.get(f"{service.url}metrics").text
        assert 'scroogevm_balloon_node_up{node="n1"} 1.0' in metrics
        assert 'scroogevm_balloon_node_up{node="n2"} 0.0' in metrics
        assert 'scroogevm_balloon_vms{act="refuse",node="n1"} 1.0' in metrics
        service.hears("n2: .*; it is tried again every cycle")
        wait(lambda: service.state("n1") == "ok", "an offer")
        if mode == "plan":
            with running() as browser, dashboard(browser, service.url) as page:
                page.get_by_role("link", name="Memory").click()
                page.wait_for_selector("text=Nothing is changed")
                page.wait_for_selector("th >> text=test")
                page.get_by_label("Search nodes and VMs").fill("nothing like it")
                page.wait_for_selector("text=No VM matches.")
        assert service.stop() == 0
    assert (tmp_path / "scroogevm-data" / "balloon.json").exists()
    assert (tmp_path / "scroogevm-data" / "balloon.sqlite").exists() == (mode == "apply")


def test_settings_of_the_companion_are_refused_before_anything_starts(tmp_path: Path) -> None:
    config = tmp_path / "scroogevm.toml"
    config.write_text('[balloon]\nnode = ["n1=ftp://x"]\n')
    said = fails(2, "--config", config, "serve", "--data", tmp_path / "d")
    assert "n1: 'ftp://x' is not an address of libvirt" in said
    config.write_text('[balloon]\nrule = ["step:nope=1"]\n')
    assert "nope" in fails(2, "--config", config, "serve", "--data", tmp_path / "d")
    assert not (tmp_path / "d").exists()
