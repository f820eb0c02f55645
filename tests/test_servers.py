"""The servers that other tests rely on."""

import signal
from pathlib import Path

import httpx
import pytest

import servers
from servers import (
    Influx1,
    LibvirtExporter,
    NodeExporter,
    Prometheus,
    Server,
    VictoriaMetrics,
    scraping,
    wait,
)


def test_influx_gives_back_what_was_written_and_keeps_it_through_a_kill(influx: Influx1) -> None:
    with Influx1() as server:
        assert server.port != influx.port
        server.query("CREATE DATABASE d")
        server.write("m v=1 1700000000000", "d")
        before = server.url
        server.stop(signal.SIGKILL)
        with pytest.raises(httpx.ConnectError):
            httpx.get(server.url)
        server.start()
        assert server.url == before
        (series,) = server.query("SELECT v FROM m", "d")
        assert series["values"] == [[1700000000000, 1]]


def test_influx_with_users_turns_strangers_away(influx_with_users: Influx1) -> None:
    influx_with_users.query("CREATE DATABASE d")
    stranger = httpx.get(f"{influx_with_users.url}/query", params={"q": "SHOW DATABASES"})
    assert stranger.status_code == httpx.codes.UNAUTHORIZED


def test_victoria_gives_back_what_was_written(victoria: VictoriaMetrics) -> None:
    lines = "m,node=servers v=1 1700000000000"
    httpx.post(f"{victoria.url}/write?precision=ms", content=lines).raise_for_status()
    victoria.flush()
    answer = httpx.get(f"{victoria.url}/api/v1/export", params={"match[]": 'm_v{node="servers"}'})
    assert answer.json()["values"] == [1]


def test_prometheus_has_its_history_and_scrapes_a_textfile(tmp_path: Path) -> None:
    (tmp_path / "a.prom").write_text("free_vcpus 3\n")
    history = '# TYPE old gauge\nold{node="a"} 7 1700000000.5\n# EOF\n'
    with (
        NodeExporter(textfiles=tmp_path) as exporter,
        Prometheus(config=scraping({"n": [exporter.address]}), history=history) as server,
    ):

        def ask(query: str) -> list[dict[str, list[object]]]:
            answer = httpx.get(f"{server.url}/api/v1/query", params=query)
            return list(answer.raise_for_status().json()["data"]["result"])

        assert ask("query=old[1m]&time=1700000010")[0]["values"] == [[1700000000.5, "7"]]
        assert wait(lambda: ask("query=free_vcpus"), "a scrape")[0]["value"][1] == "3"


def test_libvirt_exporter_speaks_of_the_test_driver() -> None:
    with LibvirtExporter() as server:
        assert "libvirt_domains_number 1" in httpx.get(f"{server.url}/metrics").text


def test_a_frozen_server_hangs_and_ends_all_the_same() -> None:
    with NodeExporter() as server:
        server.freeze()
        with pytest.raises(httpx.ReadTimeout):
            httpx.get(server.url, timeout=0.05)


def test_a_server_that_ends_at_once_says_why() -> None:
    with pytest.raises(RuntimeError, match="nosuch"), VictoriaMetrics(options=["-nosuch"]):
        pass


def test_a_missing_program_skips_unless_nothing_may_be_skipped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Nothing(Server):
        program = "scroogevm-nothing"
        ready = "/"

        def words(self) -> list[str]:
            return []

    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("SCROOGEVM_REQUIRE_SERVERS", raising=False)
    with pytest.raises(pytest.skip.Exception, match="no scroogevm-nothing here"), Nothing():
        pass
    monkeypatch.setenv("SCROOGEVM_REQUIRE_SERVERS", "1")
    assert servers.required()
    with pytest.raises(pytest.fail.Exception, match="no scroogevm-nothing here"), Nothing():
        pass
