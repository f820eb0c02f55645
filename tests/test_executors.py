"""Wherever chunks are judged, the same comes out."""

from collections.abc import Mapping
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from clusters import Deadly, cluster
from commands import scroogevm
from helpers import strategy_of
from scroogevm.errors import MisuseError, ScroogeError, TraceError
from scroogevm.executors import open_executor
from scroogevm.executors.dask import Dask
from scroogevm.executors.in_process import InProcess
from scroogevm.executors.processes import Processes
from scroogevm.pipeline import run
from scroogevm.ports import RESOURCES, Executor
from scroogevm.reports.replay import replay_sinks
from scroogevm.traces.format import TraceSource
from scroogevm.traces.generate import Workload, generate
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.several import open_traces
from scroogevm.wiring.engines import Engines
from servers import certificate

GOLDEN = sorted((Path(__file__).parent / "golden").glob("*.json.xz"))
NAMES = ("greedy", "doa", "rc-like", "google-per-vm", "oracle")
STRATEGIES = {r: {name: strategy_of(name, r) for name in NAMES} for r in RESOURCES}
ENGINES = Engines(STRATEGIES, 0.1)
TABLES = ("scores", "node-scores", "estimates", "series")


@pytest.fixture(scope="module", params=["golden", "fleet"])
def source(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> TraceSource:
    """Golden traces, or a generated fleet, in several chunks."""
    if request.param == "golden":
        return open_traces(GOLDEN, ReadOptions())
    folder = tmp_path_factory.mktemp("fleet")
    paths = [folder / name for name in "abc"]
    for seed, path in enumerate(paths):
        generate(
            Workload("churn", nodes=4, vms=5, windows=8, scope=300, interval=60, seed=seed), path
        )
    return open_traces(paths, ReadOptions())


def outcome(
    directory: Path, source: TraceSource | Deadly, executor: Executor, *, together: bool = False
) -> Mapping[str, pl.DataFrame]:
    """The tables of a replay."""
    directory.mkdir()
    sinks = replay_sinks(directory, STRATEGIES, figures=False, estimates=True)
    run(source, ENGINES, sinks, executor=executor, together=together)
    sinks.close()
    return {name: pl.read_parquet(directory / f"{name}.parquet") for name in TABLES}


def test_one_process_two_processes_lockstep_and_a_cluster_that_loses_a_worker_say_the_same(
    source: TraceSource, tmp_path: Path
) -> None:
    alone = outcome(tmp_path / "alone", source, InProcess())
    others = {
        "two": outcome(tmp_path / "two", source, Processes(2)),
        "lockstep": outcome(tmp_path / "lockstep", source, InProcess(), together=True),
    }
    with cluster(2) as address:
        marker = tmp_path / "marker"
        others["dask"] = outcome(tmp_path / "dask", Deadly(source, marker), Dask(address))
        assert marker.exists()
    for found in others.values():
        for name, table in alone.items():
            assert_frame_equal(found[name], table, check_exact=True)


def test_a_cluster_with_tls_takes_clients_with_its_certificate_only(
    pem: Path, tmp_path: Path
) -> None:
    with cluster(1, pem) as address:
        assert address.startswith("tls://")
        file = str(pem)
        assert list(Dask(address, ca=file, cert=file, key=file).run([str, str])) == ["", ""]
        stranger = str(certificate(tmp_path / "stranger.pem"))
        with pytest.raises(ScroogeError, match=r"cannot be reached|no scheduler"):
            list(Dask(address, ca=file, cert=stranger, key=stranger, wait=2.0).run([str]))


class Broken:
    """A source whose chunk cannot be read."""

    def loads(self) -> list["Broken"]:
        return [self]

    def __call__(self) -> None:
        raise TraceError("cannot be read: No such file or directory", where="/nowhere/trace")


def test_an_error_on_a_worker_is_told_with_the_worker() -> None:
    with (
        cluster(1) as address,
        pytest.raises(TraceError, match=r"/nowhere/trace \(on worker tcp://127.0.0.1:\d+\)"),
    ):
        list(Dask(address).run([Broken()]))


def test_a_scheduler_without_workers_or_none_at_all_is_told() -> None:
    with cluster(0) as address, pytest.raises(ScroogeError, match="no worker"):
        list(Dask(address, wait=0.5).run([str]))
    with pytest.raises(ScroogeError, match=r"cannot be reached|no scheduler"):
        list(Dask("tcp://127.0.0.1:1", wait=0.5).run([str]))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("dusk:local", "unknown engine 'dusk'"),
        ("dask:host:1", "is not the address of a Dask scheduler"),
        ("dask:tcp://host:1,ca=x", "need an address that begins with tls://"),
        ("dask:tls://host:1,ca=x", "TLS needs a certificate on both sides"),
        ("dask:tls://host:1,ca=x,cert=x,key=x", "ca: 'x' is not a file"),
        ("dask:local,x", "'x' is not an option"),
        ("processes:5", "location"),
    ],
)
def test_an_engine_that_makes_no_sense_is_refused(text: str, problem: str) -> None:
    with pytest.raises(MisuseError, match=problem):
        open_executor(text, 2)


def test_a_strategy_that_pools_is_replayed_here_and_that_is_said(tmp_path: Path) -> None:
    asked = ("-s", "calibrated", "--engine", "dask:tcp://127.0.0.1:1")
    done = scroogevm("replay", GOLDEN[0], "-o", tmp_path / "r", "--no-figures", *asked)
    assert done.returncode == 0
    assert "calibrated: learns from all nodes together" in done.stderr
    assert "--engine dask:tcp://127.0.0.1:1 had no effect" in done.stderr
    done = scroogevm("replay", GOLDEN[0], "-o", tmp_path / "w", *asked[:2], "--workers", "2")
    assert "--workers 2 had no effect" in done.stderr
    done = scroogevm("replay", GOLDEN[0], "-o", tmp_path / "n", *asked[:2])
    assert "had no effect" not in done.stderr


def test_a_local_cluster_from_the_command_line(tmp_path: Path) -> None:
    asked = ("-s", "greedy", "-s", "borg", "--engine", "dask:local", "--workers", "1")
    scroogevm("replay", *GOLDEN[:2], "-o", tmp_path / "r", "--no-figures", *asked)
    assert (tmp_path / "r" / "scores.parquet").is_file()
