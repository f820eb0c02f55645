"""How many nodes one core scrapes: cpu time and memory of the collector itself."""

import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx

from benchmarks.measure import SCROOGEVM
from benchmarks.report import Result

FLEETS = (50, 200)
VMS = 50
INTERVAL = 5
SETTLED = 20.0
"""Seconds after which everything is learnt and steady."""

MEASURED = 30.0


def run(docs: Path) -> Result:
    del docs
    rows = [_row(kind, nodes) for kind in ("probe", "exporters") for nodes in FLEETS]
    kind, nodes, share, _, peak, lost = rows[1]
    cores = float(share) / 100
    return Result(
        title="Collector",
        how=f"`scroogevm collect` writes to the embedded store, {VMS} VMs a node, every {INTERVAL} "
        "s. Each node is a separate target on loopback; another process serves them. `probe` is "
        "the exposition of our probe for such a node. `exporters` is node_exporter with 64 cpus "
        f"and inovex's exporter in one body. Cpu time is over {MEASURED:g} s after the start, and "
        "memory is the largest resident size.",
        columns=("answers", "nodes", "% of a core", "nodes a core", "peak MiB", "lost"),
        rows=rows,
        verdict=f"{nodes} nodes of {VMS} VMs ({kind}) take {cores:.2f} of a core and "
        f"{peak:.0f} MiB, and {lost} samples are lost. The aim is one core and 500 MiB.",
    )


def _row(kind: str, nodes: int) -> tuple[str, int, float, float, float, int]:
    server = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.serve_bodies", kind, str(VMS)],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        port = int(server.stdout.readline()) if server.stdout else 0
        with TemporaryDirectory() as folder:
            return (kind, nodes, *_collected(Path(folder), port, nodes))
    finally:
        server.kill()
        server.wait()


def _collected(folder: Path, port: int, nodes: int) -> tuple[float, float, float, int]:
    words = [f"--target=node{n}=http://127.0.0.1:{port}/{n}" for n in range(nodes)]
    with (folder / "log").open("wb") as log:
        collector = subprocess.Popen(
            [SCROOGEVM, "collect", *words, "--interval", str(INTERVAL), "--listen", "127.0.0.1:0"],
            cwd=folder, stderr=log,
        )  # fmt: skip
    try:
        time.sleep(SETTLED)
        url = (folder / "log").read_text().partition("own metrics: ")[2].split()[0]
        before = _figures(url)
        time.sleep(MEASURED)
        after = _figures(url)
        peak = _peak(collector.pid)
    finally:
        collector.send_signal(signal.SIGTERM)
        collector.wait()
    taken = after["process_cpu_seconds_total"] - before["process_cpu_seconds_total"]
    scraped = "scrooge_collect_samples_total"
    expected = nodes * MEASURED / INTERVAL
    share = taken / MEASURED
    lost = round(max(expected - (after[scraped] - before[scraped]) - nodes / 10, 0))
    return 100 * share, nodes / share, peak, lost


def _figures(url: str) -> dict[str, float]:
    lines = httpx.get(url).raise_for_status().text.splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024
