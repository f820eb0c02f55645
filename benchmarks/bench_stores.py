"""Writing and reading windows: the embedded store, plain SQLite rows, and servers that are here."""

import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from benchmarks.measure import CACHE
from benchmarks.report import Result
from scroogevm.core.samples import Sample
from scroogevm.stores import open_store

VMS, INTERVAL = 50, 5
START = 1_700_000_100
TESTS = Path(__file__).parent.parent / "tests"


@dataclass(frozen=True)
class Load:
    """What is written, and the window of it that is read.

    Attributes:
        nodes: how many, of 50 VMs each.
        ticks: how many, 5 s apart.
        window: the last ticks, that are read.
    """

    nodes: int
    ticks: int
    window: int

    @property
    def names(self) -> Sequence[str]:
        """Of the nodes."""
        return [f"node{number:03}" for number in range(self.nodes)]

    @property
    def until(self) -> float:
        """End of the window."""
        return START + INTERVAL * self.ticks

    @property
    def since(self) -> float:
        """Its beginning."""
        return self.until - INTERVAL * self.window

    def batches(self) -> Iterator[Sequence[Sample]]:
        """What a collector would write: sizes stay, usage wanders."""
        rng = np.random.default_rng(0)
        vms = [[f"{node}-vm{number:02}" for number in range(VMS)] for node in self.names]
        cores = rng.integers(1, 9, (self.nodes, VMS)).astype(float)
        usage = rng.gamma(1.0, 1.0, (self.nodes, VMS))
        for tick in range(self.ticks):
            usage = np.abs(usage + rng.normal(0, 0.05, usage.shape))
            memory = np.round(usage * 2**20) / 1024
            yield [
                Sample(
                    name,
                    START + INTERVAL * tick,
                    {"cpu": 64.0, "mem": 262144.0, "cpu_usage": float(usage[n].sum()),
                     "mem_usage": float(memory[n].sum())},
                    vms[n],
                    {"cpu": cores[n], "mem": cores[n] * 4096, "cpu_usage": usage[n],
                     "mem_usage": memory[n]},
                )
                for n, name in enumerate(self.names)
            ]  # fmt: skip


FULL = Load(200, 372, 360)
SMALL = Load(20, 120, 120)
"""For servers: ten times as much of it would take them minutes."""

NOTED = {
    "embedded": "11600000 / 0.5 / 105",
    "plain SQLite rows": "503000 / 14 / 2750",
    "VictoriaMetrics": "577000 / 12 / 1257",
    "InfluxDB 1.6": "189000 / 29 / 9213",
    "Prometheus": "- / 43 / 8634",
}
"""Measurements of an earlier study of storage alone."""


class Cost(NamedTuple):
    """Seconds by the clock on the wall, and of cpu in this process."""

    wall: float
    cpu: float


@dataclass(frozen=True)
class Way:
    """How a store is used.

    Attributes:
        write: takes a tick; None where it is filled already.
        read: how many VM rows the window of some nodes has.
        size: bytes on the disk.
        settle: makes visible what was written.
        times: how often to read.
    """

    write: Callable[[Sequence[Sample]], None] | None
    read: Callable[[Sequence[str]], int]
    size: Callable[[], int]
    settle: Callable[[], None] = lambda: None
    times: int = 1


class Seen(NamedTuple):
    """What was measured of a store."""

    name: str
    load: str
    rate: Any
    tick: Any
    slowest: Any
    busy: Any
    one: float
    every: float
    cpu: float
    size: float
    noted: str


def run(docs: Path) -> Result:
    del docs
    CACHE.mkdir(exist_ok=True)
    seen = [
        of_store("embedded", FULL, {}),
        of_store("embedded, not waiting for the disk", FULL, {"synced": "no"}),
        of_rows("plain SQLite rows", FULL),
        of_store("embedded, few nodes", SMALL, {}),
        of_rows("plain SQLite rows, few nodes", SMALL),
        *of_servers(SMALL),
    ]
    ours, _, rows = seen[:3]
    return Result(
        title="Stores: ingest, and a window",
        how=f"Nodes have {VMS} VMs. Each tick of {INTERVAL} s is one write of four quantities. "
        "Then a window of one node and a window of all nodes are read as arrays: "
        f"{FULL.window} ticks of {FULL.nodes} nodes "
        f"({FULL.nodes * VMS * FULL.window / 1e6:.1f} million VM rows), the fastest of seven "
        f"reads. Servers are slower, so they get {SMALL.window} ticks of {SMALL.nodes} nodes "
        f"({SMALL.nodes * VMS * SMALL.window / 1e3:.0f} thousand), read once. Cpu time is that of "
        "our process. Plain rows are an SQLite table (node, time, vm) with the same pragmas. "
        "Servers run on the same machine and are used through our stores. Prometheus is filled "
        "before with values as exporters give them. The last column is from an earlier study of "
        "storage alone on 200 nodes: two quantities (Prometheus: one), without waiting for the "
        "disk, one query a node.",
        columns=("store", "nodes x ticks", "VM rows/s written", "tick ms", "slowest ms",
                 "our cpu ms a tick", "window of one node ms", "of all ms", "our cpu ms", "MB",
                 "earlier: rows/s / one ms / all ms"),
        rows=seen,
        verdict=f"The embedded store reads the window of all nodes in {ours.every:.0f} ms "
        f"({ours.cpu:.0f} ms of cpu time). The aim is 300 ms. Plain rows take "
        f"{rows.every / ours.every:.0f} times as long. A tick of {1000 * INTERVAL} ms takes "
        f"{ours.tick:.0f} ms, {ours.busy:.0f} ms of them cpu time. This is "
        f"{ours.rate / rows.rate:.1f} times the rows per second of plain rows.",
    )  # fmt: skip


def measured(name: str, load: Load, way: Way) -> Seen:
    """Write everything, where it is not there yet, then read windows."""
    ingest: Sequence[Any] = ("-", "-", "-", "-")
    if way.write is not None:
        ticks = [cost(way.write, batch) for batch in load.batches()]
        walls = [tick.wall for tick in ticks]
        ingest = (
            load.nodes * VMS * load.ticks / sum(walls),
            1000 * statistics.median(walls),
            1000 * max(walls),
            1000 * statistics.mean(tick.cpu for tick in ticks),
        )

    way.settle()

    def window(nodes: Sequence[str]) -> Cost:
        rows = len(nodes) * VMS * load.window
        found = way.read(nodes)
        assert 0.98 * rows <= found <= rows, found  # noqa: S101  # or it measures nothing
        costs = [cost(way.read, nodes) for _ in range(way.times)]
        return Cost(*(1000 * min(column) for column in zip(*costs, strict=True)))

    one, every = window(load.names[:1]), window(load.names)
    print(f"{name}, {load.nodes} nodes: {every.wall:.0f} ms", flush=True)
    shown = f"{load.nodes} x {load.ticks}"
    size, noted = way.size() / 1e6, NOTED.get(name, "-")
    return Seen._make([name, shown, *ingest, one.wall, every.wall, every.cpu, size, noted])


def cost(action: Callable[[Any], object], given: Any) -> Cost:
    wall, cpu = time.perf_counter(), time.process_time()
    action(given)
    return Cost(time.perf_counter() - wall, time.process_time() - cpu)


def of_store(name: str, load: Load, options: dict[str, str]) -> Seen:
    """An embedded store."""
    with temporary() as folder, open_store(str(folder), options) as store:
        return measured(
            name,
            load,
            Way(
                store.write,
                lambda nodes: len(store.read(nodes, load.since, load.until).vms),
                lambda: used(folder),
                times=7,
            ),
        )


def of_rows(name: str, load: Load) -> Seen:
    """The obvious table, as a comparison."""
    columns = ("cpu", "mem", "cpu_usage", "mem_usage")
    with temporary() as folder, closing(sqlite3.connect(folder / "rows.sqlite")) as file:
        file.execute("PRAGMA journal_mode = WAL")
        file.execute("PRAGMA synchronous = FULL")
        file.execute(
            "CREATE TABLE rows (node TEXT, time REAL, vm TEXT, cpu REAL, mem REAL, cpu_usage REAL,"
            " mem_usage REAL, PRIMARY KEY (node, time, vm)) WITHOUT ROWID"
        )

        def write(batch: Sequence[Sample]) -> None:
            with file:
                for one in batch:
                    numbers = np.array([one.vm_values[column] for column in columns]).T.tolist()
                    file.executemany(
                        "INSERT INTO rows VALUES (?, ?, ?, ?, ?, ?, ?)",
                        [
                            (one.node, one.time, vm, *row)
                            for vm, row in zip(one.vms, numbers, strict=True)
                        ],
                    )

        def read(nodes: Sequence[str]) -> int:
            found = 0
            for node in nodes:
                rows = file.execute(
                    "SELECT time, cpu, mem, cpu_usage, mem_usage FROM rows"
                    " WHERE node = ? AND time >= ? AND time < ?",
                    (node, load.since, load.until),
                ).fetchall()
                found += len(np.array(rows))
            return found

        return measured(name, load, Way(write, read, lambda: used(folder)))


def of_servers(load: Load) -> Iterator[Seen]:
    """Those whose programs are installed."""
    sys.path.insert(0, str(TESTS))
    import servers  # noqa: PLC0415  # lies with the tests

    if shutil.which("victoria-metrics"):
        with servers.VictoriaMetrics() as victoria:
            where = f"victoriametrics:{victoria.url}"
            yield of_server("VictoriaMetrics", load, where, victoria.root, victoria.flush)
    if shutil.which("influxd"):
        with servers.Influx1() as influx:
            where = f"influxdb:{influx.url}/bench"
            yield of_server("InfluxDB 1.6", load, where, influx.root)
    if shutil.which("prometheus") and shutil.which("promtool"):
        with servers.Prometheus(history=history(load)) as server:
            yield of_server("Prometheus", load, f"prometheus:{server.url}", server.root)


def of_server(
    name: str, load: Load, where: str, root: Path, settle: Callable[[], None] = lambda: None
) -> Seen:
    """A server, used through our store; one that takes nothing is filled already."""
    options = {"create": "yes"} if where.startswith("influxdb") else {}
    with open_store(where, options) as store:
        return measured(
            name,
            load,
            Way(
                store.write if store.writable else None,
                lambda nodes: len(store.read(nodes, load.since, load.until).vms),
                lambda: used(root),
                settle,
            ),
        )


def history(load: Load) -> str:
    """What node_exporter and Debian's libvirt exporter would have said of that load."""
    from stores.exporters import History, guest, machine, steady  # noqa: PLC0415  # as servers

    past, times = History(), range(0, INTERVAL * load.ticks, INTERVAL)
    for name in load.names:
        past.scrape(
            times, {"instance": f"{name}:9100", "job": "node"}, machine(2, 0.5, 262144, 9), START
        )
        guests = [guest(f"vm{n:02}", 2, steady(0.01 * n), 4096) for n in range(VMS)]
        said = {series: value for one in guests for series, value in one.items()}
        past.scrape(times, {"instance": f"{name}:9177", "job": "libvirt"}, said, START)
    return past.text


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder on the disk that the checkout is on: a store in memory would flatter."""
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        yield Path(folder)


def used(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(
        (Path(where) / file).stat().st_size for where, _, files in os.walk(folder) for file in files
    )
