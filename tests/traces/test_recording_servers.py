"""The trace that a real server's samples become, also where reading it was interrupted."""

import json
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import servers
from commands import SCROOGEVM, scroogevm
from scroogevm.core.samples import ESSENTIAL
from scroogevm.stores import open_store
from scroogevm.traces.manifest import Manifest
from stores.cloud import CORES, DAY, DAYS, STEP, cloud, copied, imported
from stores.gate import Gate

T = 1_699_920_000.0
SPAN = ("--since", "2023-11-14", "--until", "2023-11-17")


@pytest.fixture(scope="module")
def history() -> str:
    return cloud(T)


@pytest.fixture(scope="module")
def prometheus(history: str) -> Iterator[servers.Prometheus]:
    with servers.Prometheus(history=history) as server:
        yield server


@pytest.fixture(scope="module")
def halfway(prometheus: servers.Prometheus, tmp_path_factory: pytest.TempPathFactory) -> int:
    """So many requests that some pieces are read and others are not."""
    with Gate(prometheus.url) as gate:
        before = gate.left
        recording(f"prometheus:{gate.url}", tmp_path_factory.mktemp("counted") / "trace")
        return (before - gate.left) * 2 // 3


@pytest.fixture(scope="module")
def whole(prometheus: servers.Prometheus, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What is recorded of Prometheus without any trouble."""
    place = tmp_path_factory.mktemp("whole") / "trace"
    done = recording(f"prometheus:{prometheus.url}", place)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"3 nodes, 144 windows, 12,717 VM rows every 120 s in {place}\n"
    return place


def recording(store: str, place: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return scroogevm("trace", "record", "--from", store, *SPAN, *words, "-o", place)


def tables(trace: Path) -> dict[str, pl.DataFrame]:
    found = {}
    for table, keys in (("nodes", ["node"]), ("vms", ["node", "vm"])):
        frame = pl.read_parquet(trace / table / "*.parquet")
        found[table] = frame.with_columns(pl.col(keys).cast(pl.String)).sort(*keys, "time")
    return found


def test_a_cloud_with_all_that_happens_in_one_becomes_a_trace(whole: Path) -> None:
    manifest = Manifest.read(whole)
    assert (manifest.origin, manifest.end, manifest.interval) == (T, T + DAYS * DAY, STEP)
    nodes, vms = tables(whole).values()
    times = {name: frame["time"] - T for (name,), frame in nodes.group_by("node")}
    assert times["n2"].min() == pytest.approx(DAY, abs=STEP)
    assert times["n3"].max() == pytest.approx((DAYS - 0.5) * DAY, abs=2 * STEP)
    assert not times["n1"].is_between(DAY + STEP, DAY + 4 * 3600 - 2 * STEP).any()
    assert nodes["cpu"].unique().to_list() == [CORES]
    np.testing.assert_allclose(nodes["cpu_usage"].drop_nulls(), 0.6, rtol=1e-4)
    moving = vms.filter(pl.col("vm") == "moving").group_by("node").agg(pl.len(), pl.max("time"))
    assert set(moving["node"]) == {"n1", "n3"}
    usage = vms.filter(pl.col("vm") == "db-n1")["cpu_usage"].drop_nulls()
    assert usage.min() >= 0  # type: ignore[operator]  # the counter that began anew is no usage
    assert usage.max() < 0.3  # type: ignore[operator]  # likewise


def test_what_exporters_do_not_say_is_told_once_with_its_cost(
    prometheus: servers.Prometheus, tmp_path: Path
) -> None:
    said = recording(f"prometheus:{prometheus.url}", tmp_path / "trace").stderr
    assert said.splitlines() == [
        "all 8 VMs: no guest memory statistics; memory counts as fully used"
    ]
    only = ("--store-option", 'match=job="node"')
    said = recording(f"prometheus:{prometheus.url}", tmp_path / "nodes", *only).stderr
    assert "no VM was seen, so the allocation, and what could be freed, is unknown" in said


def test_vms_on_nodes_of_unknown_size_are_no_trace(
    prometheus: servers.Prometheus, tmp_path: Path
) -> None:
    only = ("--store-option", 'match=job="libvirt"')
    done = recording(f"prometheus:{prometheus.url}", tmp_path / "trace", *only)
    assert done.returncode == 1
    assert "has VMs, but no cpu count and no memory size" in done.stderr
    assert "scrape node_exporter or `scroogevm probe` there" in done.stderr
    assert not list(tmp_path.iterdir())


def test_nodes_that_nothing_but_their_vms_speak_of_are_left_out(
    prometheus: servers.Prometheus, tmp_path: Path
) -> None:
    only = ("--store-option", 'match=instance!="n3:9100"')
    done = recording(f"prometheus:{prometheus.url}", tmp_path / "trace", *only)
    assert done.stdout.startswith("2 nodes, 144 windows")
    assert (
        "1 of 3 nodes, such as n3: only VMs have samples; "
        "its capacity is unknown, so it is left out"
    ) in done.stderr


@pytest.mark.parametrize("kind", ["victoriametrics", "embedded", "influxdb"])
def test_every_store_gives_the_same_windows(
    kind: str, whole: Path, prometheus: servers.Prometheus, history: str, tmp_path: Path
) -> None:
    if kind == "victoriametrics":
        with servers.VictoriaMetrics() as server:
            imported(history, server)
            done = recording(f"victoriametrics:{server.url}", tmp_path / "trace")
    elif kind == "embedded":
        place = str(tmp_path / "store")
        _copy(prometheus, place, "retention=0", "synced=no")
        done = recording(place, tmp_path / "trace")
    else:
        with servers.Influx1() as influx:
            place = f"influxdb:{influx.url}/telemetry"
            _copy(prometheus, place, "create=yes")
            done = recording(place, tmp_path / "trace")
    assert done.returncode == 0, done.stderr
    for table, wanted in tables(whole).items():
        found = tables(tmp_path / "trace")[table]
        assert found.drop(ESSENTIAL).equals(wanted.drop(ESSENTIAL))
        for name in ESSENTIAL:
            near = found[name].cast(pl.Float64).to_numpy()
            np.testing.assert_allclose(near, wanted[name].to_numpy(), rtol=1e-5, equal_nan=True)


def _copy(prometheus: servers.Prometheus, place: str, *options: str) -> None:
    with (
        open_store(f"prometheus:{prometheus.url}") as store,
        open_store(place, list(options)) as other,
    ):
        copied(store, other, T, T + DAYS * DAY + STEP)


@pytest.mark.parametrize(
    "ended", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGKILL, -9)]
)
def test_whatever_ends_it_the_same_command_goes_on(
    ended: tuple[int, int],
    whole: Path,
    halfway: int,
    prometheus: servers.Prometheus,
    tmp_path: Path,
) -> None:
    with Gate(prometheus.url) as gate:
        store, place = f"prometheus:{gate.url}", tmp_path / "trace"
        gate.left = halfway
        words: list[str | Path] = [
            SCROOGEVM,
            "trace",
            "record",
            "--from",
            store,
            *SPAN,
            "-o",
            place,
        ]
        with subprocess.Popen(words, stderr=subprocess.PIPE, text=True) as process:
            assert gate.reached.wait(60)
            process.send_signal(ended[0])
            _, said = process.communicate(timeout=60)
        assert not place.exists()
        assert process.returncode == ended[1]
        if ended[0] == signal.SIGINT:
            assert "the same command continues from there" in said
        assert "Traceback" not in said
        gate.left = 10**9
        done = recording(store, place, "--json")
        assert done.returncode == 0, done.stderr
        facts = json.loads(done.stdout)
        assert 0 < facts["resumed"] < facts["pieces"]
        assert f"{facts['resumed']} of {facts['pieces']} pieces had been read" in done.stderr
        assert 10**9 - gate.left < halfway * 3 // 2  # what was read is not read again
    for table, wanted in tables(whole).items():
        assert tables(place)[table].equals(wanted)
    assert [path.name for path in tmp_path.iterdir()] == ["trace"]


def test_a_server_that_goes_down_is_a_clear_error_and_the_same_command_goes_on(
    whole: Path, halfway: int, prometheus: servers.Prometheus, tmp_path: Path
) -> None:
    with Gate(prometheus.url) as gate:
        store, place = f"prometheus:{gate.url}", tmp_path / "trace"
        gate.left, gate.refusal = halfway, 503
        done = recording(store, place)
        assert done.returncode == 1
        assert done.stderr.count("\n") == 1
        assert "answers 503: later" in done.stderr
        assert "the same command continues from there" in done.stderr
        assert 1 < gate.refused < 10  # it was asked again, not for ever
        gate.left = 10**9
        done = recording(store, place)
        assert "pieces had been read" in done.stderr
    for table, wanted in tables(whole).items():
        assert tables(place)[table].equals(wanted)


def test_a_refused_password_is_told_and_nothing_is_begun(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("wrong\n")
    with servers.Influx1(auth=True) as influx:
        words = ("--store-option", "user=admin", "--store-option", f"password_file={secret}")
        done = recording(f"influxdb:{influx.url}/telemetry", tmp_path / "trace", *words)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "does not accept the credentials" in done.stderr
    assert "check user and password_file" in done.stderr
    assert "wrong" not in done.stderr
    assert list(tmp_path.iterdir()) == [secret]


def test_an_interrupted_replay_goes_on_reading_and_leaves_one_report(
    halfway: int, prometheus: servers.Prometheus, tmp_path: Path
) -> None:
    with Gate(prometheus.url) as gate:
        place = tmp_path / "report"
        words = ["replay", "--from", f"prometheus:{gate.url}", *SPAN, "-o", str(place)]
        words += ["--no-figures", "-s", "greedy"]
        gate.left = halfway
        with subprocess.Popen([SCROOGEVM, *words], stderr=subprocess.PIPE, text=True) as process:
            assert gate.reached.wait(60)
            process.kill()
            process.communicate(timeout=60)
        gate.left = 10**9
        done = scroogevm(*words)
    assert done.returncode == 0, done.stderr
    assert "continued an interrupted recording" in done.stderr
    assert "VMs on 3 nodes (" in done.stdout
    page = (place / "report.html").read_text()
    assert "2023-11-14 00:00 UTC" in page
    assert Manifest.read(tmp_path / "report-trace").windows == 144
    assert {path.name for path in tmp_path.iterdir()} == {"report", "report-trace"}
