"""The same guests, seen over every path at once: the windows that come out agree."""

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, nullcontext
from dataclasses import dataclass
from pathlib import Path

import httpx
import polars as pl
import pytest

from commands import SCROOGEVM
from hypervisor.guests import Guest
from hypervisor.nodes import Node
from hypervisor.probes import Probe
from scroogevm.ports import Shape
from scroogevm.stores import open_store
from scroogevm.traces.recording import StoreQuery, record
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

pytestmark = pytest.mark.hypervisor

INTERVAL = 1.0
WINDOW = 8.0
NOISE = {"cpu": 0.0, "mem": 0.0, "cpu_usage": 0.1, "mem_usage": 6.0}
"""By which numbers differ that were read at the same time: an instant is never quite the same."""


@dataclass
class Collector(Server):
    """`scroogevm collect`, from targets of one node into a store."""

    program = str(SCROOGEVM)
    ready = "/metrics"

    store: str
    targets: Sequence[Server]
    options: Sequence[str] = ()

    def words(self) -> Sequence[str]:
        words = ["collect", "--listen", self.address, "--store", self.store, *self.options]
        for target in self.targets:
            words += ["--target", f"n1={target.url}/metrics"]
        return words


@dataclass(frozen=True)
class Way:
    """How samples come from a node to us.

    Attributes:
        store: where they can be read.
        options: of that store.
        late: seconds by which they may be behind.
    """

    store: str
    options: Sequence[str] = ()
    late: float = INTERVAL


Table = pl.DataFrame


@dataclass(frozen=True)
class Seen:
    """What came over each way.

    Attributes:
        ways: by name.
        tables: of the traces, by name of the way, then ``nodes`` and ``vms``.
    """

    ways: Mapping[str, Way]
    tables: Mapping[str, Mapping[str, Table]]


@pytest.fixture(scope="module")
def seen(
    nodes: list[Node], guests: Mapping[str, Guest], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Seen]:
    """One stretch of time with work that changes, over all ways at once."""
    folder = tmp_path_factory.mktemp("paths")
    textfiles = folder / "textfiles"
    textfiles.mkdir()
    each = f"{INTERVAL:g}s"
    with ExitStack() as stack:
        start = stack.enter_context
        probe = start(Probe(nodes[0], INTERVAL))
        start(Probe(nodes[0], INTERVAL, ["--textfile", str(textfiles / "scroogevm.prom")]))
        textfile = start(NodeExporter(textfiles))
        libvirt, kernel = start(LibvirtExporter(nodes[0].uri)), start(NodeExporter())
        jobs = {
            "probe": [probe.address],
            "libvirt": [libvirt.address],
            "node": [kernel.address],
        }
        prometheus = start(Prometheus(scraping(jobs, each, {"instance": "n1"})))
        victoria = start(
            VictoriaMetrics(scraping({"probe": jobs["probe"]}, each, {"instance": "n1"}))
        )
        influx = start(Influx1())
        influx.query("CREATE DATABASE paths")
        ways = {
            "probe, embedded": Way(f"embedded:{folder}/store"),
            "probe, textfile, InfluxDB": Way(f"influxdb:{influx.url}/paths", late=3 * INTERVAL),
            "probe, Prometheus": Way(f"prometheus:{prometheus.url}", ['match=job="probe"']),
            "Debian's exporters, Prometheus": Way(
                f"prometheus:{prometheus.url}", ['match=job=~"libvirt|node"']
            ),
            "probe, VictoriaMetrics": Way(f"victoriametrics:{victoria.url}"),
        }
        collectors = [
            start(Collector(ways["probe, embedded"].store, [probe])),
            start(Collector(ways["probe, textfile, InfluxDB"].store, [textfile])),
        ]
        wait(lambda: scraped(prometheus), "Prometheus to begin")
        since = time.time()
        work(guests["web-1"], guests["db_2"])
        until = time.time()
        guests["web-1"].do("cpu 100")
        guests["web-1"].burn(4 * INTERVAL)  # so that everybody has come by again
        guests["web-1"].do("cpu 0")
        for collector in collectors:
            collector.stop()
        victoria.flush()
        yield Seen(
            ways, {name: tables(way, since, until, folder / name) for name, way in ways.items()}
        )


def scraped(prometheus: Prometheus) -> bool:
    """Whether it has something of every target."""
    answer = httpx.get(f"{prometheus.url}/api/v1/query", params={"query": "up == 1"})
    return len(answer.json()["data"]["result"]) == 3


def work(first: Guest, second: Guest) -> None:
    """Some of everything."""
    first.do("cpu 100")
    first.burn(12)
    first.do("cpu 0")
    first.do("mem 60")
    second.do("cpu 50")
    second.burn(5)
    first.domain.setMemoryFlags(160 << 10, 1)
    second.burn(5)
    first.do("mem 0")
    first.domain.setMemoryFlags(192 << 10, 1)
    second.do("cpu 0")
    first.do("cpu 100")
    first.burn(6)


def tables(way: Way, since: float, until: float, place: Path) -> Mapping[str, Table]:
    """The trace that comes of a store."""
    asked = StoreQuery(way.store, since, until, ["n1"], INTERVAL, Shape(WINDOW, WINDOW))
    with open_store(way.store, way.options) as store:
        record(store, asked, place, lambda _: nullcontext(lambda _: None))
    found = {}
    for table in ("nodes", "vms"):
        keys = ["node"] if table == "nodes" else ["node", "vm"]
        frame = pl.read_parquet(place / table / "*.parquet")
        found[table] = frame.with_columns(
            pl.col(keys).cast(pl.String), window=(pl.col("time") / WINDOW).floor()
        )
    return found


def test_every_way_tells_of_the_same_guests_and_windows(seen: Seen) -> None:
    for name, found in seen.tables.items():
        assert set(found["nodes"]["node"]) == {"n1"}, name
        assert set(found["vms"]["vm"]) == {"web-1", "db_2"}, name
        assert found["nodes"]["window"].n_unique() >= 3, name


@pytest.mark.parametrize("table", ["nodes", "vms"])
@pytest.mark.parametrize("quantity", NOISE)
def test_windows_agree_within_what_sampling_explains(seen: Seen, table: str, quantity: str) -> None:
    keys = ["window", "node", "vm"][: 2 if table == "nodes" else 3]
    numbers = {name: found[table].drop_nulls(quantity) for name, found in seen.tables.items()}
    wanted = numbers["probe, embedded"]
    owners = wanted.group_by(keys[1:]).agg(reach=pl.max(quantity) - pl.min(quantity))
    means = wanted.group_by(keys).agg(wanted=pl.mean(quantity))
    for name, frame in numbers.items():
        if quantity == "mem_usage" and table == "vms" and "Debian" in name:
            assert frame.is_empty()  # its guests say nothing of their memory
            continue
        # Whoever is late by a moment sees, at each end of a window, so much of its neighbour.
        share = 2 * seen.ways[name].late / WINDOW
        compared = (
            frame.group_by(keys)
            .agg(found=pl.mean(quantity))
            .join(means, on=keys, how="full", coalesce=True)
            .join(owners, on=keys[1:])
            .with_columns(
                apart=(pl.col("found") - pl.col("wanted")).abs(),
                allowed=share * pl.col("reach") + NOISE[quantity],
            )
        )
        wrong = compared.filter(~(pl.col("apart") <= pl.col("allowed")).fill_null(value=False))
        assert wrong.is_empty(), (name, wrong)


def test_there_was_something_to_see(seen: Seen) -> None:
    vms = seen.tables["probe, embedded"]["vms"].filter(pl.col("vm") == "web-1").drop_nulls()
    used, held = vms["cpu_usage"].to_numpy(), vms["mem_usage"].to_numpy()
    assert used.min() < 0.3
    assert used.max() > 0.8
    assert held.max() - held.min() > 50
    assert set(vms["mem"]) == {192}  # what its balloon held for a while is promised still
    assert seen.tables["probe, embedded"]["nodes"]["ballooned"].max() == 32
