"""``scroogevm serve`` as its user runs it: real exporters over HTTP, windows of two seconds."""

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from collect.exporters import Exporters
from collect.running import Running
from commands import fails, scroogevm
from servers import wait
from service.serving import QUICK, TOKEN, Serving, answer, exporting


@pytest.fixture
def exporters() -> Iterator[Exporters]:
    with exporting() as server:
        yield server


def test_a_node_is_offered_withdrawn_and_offered_again(
    tmp_path: Path, exporters: Exporters
) -> None:
    with Serving(tmp_path, exporters) as service:
        wait(lambda: service.state("n1") == service.state("n2") == "ok", "offers of both nodes")
        offer = service.status()["nodes"]["n1"]["resources"]["cpu"]
        assert offer["capacity"] == 4
        assert offer["allocated"] == 4
        assert 1.5 < offer["free"] < 3.5  # a core of it is busy
        exporters.pages["/n1"] = lambda handler: handler.say(500)
        wait(lambda: service.state("n1") == "withdrawn", "n1 to be withdrawn")
        lost = service.status()["nodes"]["n1"]["resources"]["cpu"]
        assert lost["free"] == 0
        assert any("nothing is offered" in reason["sentence"] for reason in lost["reasons"])
        assert service.state("n2") == "ok"
        exporters.pages["/n1"] = answer
        wait(lambda: service.state("n1") == "ok", "n1 to be offered again")
        service.hears("cpu of n1 is withdrawn: The newest sample is")
        assert service.stop() == 0
        assert TOKEN not in "\n".join(service.said)


def test_commands_ask_the_service_and_hold_a_node(tmp_path: Path, exporters: Exporters) -> None:
    (tmp_path / "token").write_text(TOKEN)
    with Serving(tmp_path, exporters) as service:
        wait(lambda: service.state("n1") == "ok", "an offer of n1")
        asked = ("--url", service.url, "--token-file", tmp_path / "token")
        status = scroogevm("status", *asked)
        assert status.stdout.startswith("2 nodes, window until ")
        assert json.loads(scroogevm("status", "n1", "--json", *asked).stdout)["nodes"].keys() == {
            "n1"
        }
        placed = scroogevm("place", "web,1,512", "--json", *asked)
        assert placed.returncode == 0
        assert json.loads(placed.stdout)["placed"] == 1
        many = scroogevm("place", "web,1,512", "--count", "1000", *asked)
        assert many.returncode == 1
        assert "of 1,000 VMs can be placed" in many.stdout
        said = scroogevm("explain", "n1", *asked).stdout
        assert "persistence estimates a demand of" in said
        wait(lambda: "offered" in scroogevm("ledger", *asked).stdout, "a window to be settled")
        assert "n1 is held: at most" in scroogevm("hold", "n1", "--note", "test", *asked).stdout
        wait(lambda: service.state("n1") == "held", "the hold to count")
        assert scroogevm("unhold", "n1", *asked).stdout == "n1 is no longer held\n"
        wait(lambda: service.state("n1") == "ok", "the hold to end")
        url = ("--url", service.url)
        assert "A token is needed; --token-file FILE" in fails(2, "status", *url)
        assert "no node is called 'n9'" in fails(2, "explain", "n9", *asked)
        metrics = httpx.get(
            f"{service.url}metrics", headers={"Authorization": f"Bearer {TOKEN}"}
        ).text
        assert 'scroogevm_node_capacity{node="n1",resource="cpu"} 4.0' in metrics
        service.stop()
    file = tmp_path / "scroogevm-data" / "status.json"
    assert "n1" in scroogevm("status", "--file", file).stdout
    assert "does not answer" in fails(1, "status", "--url", "http://127.0.0.1:1")


def test_a_killed_service_goes_on_where_it_was(tmp_path: Path, exporters: Exporters) -> None:
    with Serving(tmp_path, exporters) as service:
        wait(lambda: service.state("n1") == "ok", "an offer")
        service.stop(signal.SIGKILL)
    before = service.status()
    with Serving(tmp_path, exporters) as service:
        wait(lambda: service.status()["window"] > before["window"] + 1, "the next windows")
        node = service.status()["nodes"]["n1"]
        assert node["inputs"]["windows"] > before["nodes"]["n1"]["inputs"]["windows"]
        service.stop()


def test_settings_are_read_again_all_or_nothing(tmp_path: Path, exporters: Exporters) -> None:
    config = tmp_path / "config.toml"
    config.write_text("[serve]\n")
    targets = ["--target", f"n1={exporters.url('/n1')}"]
    with Running(
        tmp_path, *targets, *QUICK, command="serve", before=("--config", config)
    ) as service:
        service.hears("cpu of n1 is ok")
        config.write_text('[[serve.groups]]\nname = "rack"\nnodes = ["n*"]\nguard = ["x"]\n')
        service.send(signal.SIGHUP)
        service.hears("guard is unknown; did you mean 'guards'.*did not change")
        config.write_text('[[serve.groups]]\nname = "rack"\nnodes = ["n*"]\nlocked = ["cpu"]\n')
        service.send(signal.SIGHUP)
        service.hears("settings were read again: groups rack, all")
        config.write_text('[serve]\nwithout = ["warm"]\nlocked = ["mem"]\n')
        service.send(signal.SIGHUP)
        service.hears("settings were read again: groups all")
        path = tmp_path / "scroogevm-data" / "status.json"

        def sold() -> bool:
            offer = json.loads(path.read_text())["nodes"]["n1"]["resources"]["mem"]
            return any(reason["guard"] == "locked" for reason in offer["reasons"])

        wait(sold, "the group of all others to have locked memory")
        assert service.stop() == 0


def test_what_makes_no_sense_is_told_before_anything_starts(tmp_path: Path) -> None:
    data = ("--data", tmp_path / "d")
    said = fails(2, "serve", *data, "--scope", "10s", "--slice", "3s", "--strategy", "nope")
    assert "--scope 10 is not a whole number of --slice 3" in said
    assert "unknown strategy 'nope'" in said
    assert "looks ahead" in fails(2, "serve", *data, "--strategy", "oracle")
    assert "without a token" in fails(2, "serve", *data, "--listen", "0.0.0.0:0")
    (tmp_path / "t").write_text("admin ann short\n")
    clear = ("--listen", "0.0.0.0:0", "--tokens", tmp_path / "t")
    assert "in clear text" in fails(2, "serve", *data, *clear)
    assert "t: line 1: is not a token" in fails(2, "serve", *data, "--tokens", tmp_path / "t")
    assert not (tmp_path / "d").exists()


def test_a_journal_of_windows_of_another_length_is_refused(
    tmp_path: Path, exporters: Exporters
) -> None:
    with Serving(tmp_path, exporters) as service:
        service.hears("judging windows")
        service.stop()
    with Serving(tmp_path, exporters, "--scope", "4s") as service:
        assert service.wait() == 2
        assert "choose another --data directory" in service.said[-1]
