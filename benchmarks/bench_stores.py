"""Writing and reading windows: the embedded store, plain SQLite rows, and servers that are here."""

import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.measure import CACHE
from benchmarks.report import Result
from scroogevm.core.samples import Sample
from scroogevm.stores import open_store

NODES, VMS, TICKS, INTERVAL = 200, 50, 372, 5
WINDOW = 360
START = 1_700_000_100
NAMES = [f"node{number:03}" for number in range(NODES)]
END = START + INTERVAL * TICKS
SINCE = END - INTERVAL * WINDOW
TESTS = Path(__file__).parent.parent / "tests"


class Seen(NamedTuple):
    """What was measured of a store."""

    name: str
    tick: float
    slowest: float
    rate: float
    one: float
    every: float
    cpu: float
    size: float


def run(docs: Path) -> Result:
    del docs
    CACHE.mkdir(exist_ok=True)
    seen = [
        of_store("embedded", "", {}),
        of_store("embedded, not waiting for the disk", "", {"synced": "no"}),
        of_rows(),
        *of_servers(),
    ]
    ours = seen[0]
    return Result(
        title="Stores: ingest, and a window of 30 minutes",
        how=f"{NODES} nodes with {VMS} VMs, {TICKS} ticks of {INTERVAL} s, four quantities of each "
        f"node and VM; a write a tick. Then a window of {WINDOW} ticks of one node and of all "
        f"({NODES * VMS * WINDOW / 1e6:.1f} million VM rows) as arrays, the median of five reads "
        "(one from servers), and the cpu time that this took in our process. Plain rows "
        "are an SQLite table (node, time, vm) with the same "
        "pragmas. Servers run on the same machine, through our own stores, their share of the time "
        "included.",
        columns=("store", "tick ms", "slowest ms", "VM rows/s", "one node ms",
                 f"{NODES} nodes ms",
                 "our cpu ms", "MB"),
        rows=seen,
        verdict=f"All nodes' window from the embedded store takes {ours.every:.0f} ms "
        f"({ours.cpu:.0f} ms of cpu time), the aim is 300 ms; "
        f"a tick takes {ours.tick:.0f} ms of 5000.",
    )  # fmt: skip


def batches() -> Iterator[Sequence[Sample]]:
    """What a collector would write: sizes stay, usage wanders."""
    rng = np.random.default_rng(0)
    vms = [[f"{node}-vm{number:02}" for number in range(VMS)] for node in NAMES]
    cores = rng.integers(1, 9, (NODES, VMS)).astype(float)
    usage = rng.gamma(1.0, 1.0, (NODES, VMS))
    for tick in range(TICKS):
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
            for n, name in enumerate(NAMES)
        ]  # fmt: skip


def measured(
    name: str,
    write: Callable[[Sequence[Sample]], None],
    read: Callable[[Sequence[str]], int],
    size: Callable[[], int],
    times: int = 5,
) -> Seen:
    """Write everything, then read windows."""
    ticks = [timed(lambda batch=batch: write(batch)) for batch in batches()]  # type: ignore[misc]  # mypy knows no such lambda

    def window(nodes: Sequence[str], clock: Callable[[], float] = time.perf_counter) -> float:
        found = read(nodes)
        assert found == len(nodes) * VMS * WINDOW, found  # noqa: S101  # or it measures nothing
        return 1000 * statistics.median(timed(lambda: read(nodes), clock) for _ in range(times))

    return Seen(
        name,
        1000 * statistics.median(ticks),
        1000 * max(ticks),
        NODES * VMS * TICKS / sum(ticks),
        window(NAMES[:1]),
        window(NAMES),
        window(NAMES, time.process_time),
        size() / 1e6,
    )


def timed(action: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> float:
    start = clock()
    action()
    return clock() - start


def of_store(
    name: str, text: str, options: dict[str, str], size: Callable[[], int] | None = None
) -> Seen:
    with temporary() as folder, open_store(text or str(folder), options) as store:
        return measured(
            name,
            store.write,
            lambda nodes: len(store.read(nodes, SINCE, END).vms),
            size or (lambda: used(folder)),
            5 if size is None else 1,
        )


def of_rows() -> Seen:
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
                    (node, SINCE, END),
                ).fetchall()
                found += len(np.array(rows))
            return found

        return measured("plain SQLite rows", write, read, lambda: used(folder), 1)


def of_servers() -> Iterator[Seen]:
    """Those whose programs are installed."""
    sys.path.insert(0, str(TESTS))
    import servers  # noqa: PLC0415  # lies with the tests

    if shutil.which("victoria-metrics"):
        with servers.VictoriaMetrics() as server:
            yield of_store(
                "VictoriaMetrics", f"victoriametrics:{server.url}", {}, lambda: used(server.root)
            )
    if shutil.which("influxd"):
        with servers.Influx1() as server:
            yield of_store(
                "InfluxDB 1.6",
                f"influxdb:{server.url}/bench",
                {"create": "yes"},
                lambda: used(server.root),
            )


@contextmanager
def temporary() -> Iterator[Path]:
    """A folder on the disk that the checkout is on: a store in memory would flatter."""
    with ExitStack() as stack:
        yield Path(stack.enter_context(tempfile.TemporaryDirectory(dir=CACHE)))


def used(folder: Path) -> int:
    """Bytes of all files in a folder."""
    return sum(
        (Path(where) / file).stat().st_size for where, _, files in os.walk(folder) for file in files
    )
