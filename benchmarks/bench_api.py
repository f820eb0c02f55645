"""How long the API takes to answer while the windows of a large fleet are judged."""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.report import Result

FLEETS = (100, 1000, 10_000)
SECONDS = 20
PLACES = {"a node": "api/v1/nodes/node-00042", "the fleet's page": "api/v1/fleet"}
_UNIT = {"us": 1e-3, "ms": 1.0, "s": 1e3}


def run(docs: Path) -> Result:
    del docs
    if shutil.which("wrk") is None:
        sys.exit("needs the load tool wrk: apt-get install wrk")
    rows = [row for nodes in FLEETS for row in asked(nodes)]
    node, fleet = rows[-2:]
    return Result(
        title="The API while windows are judged",
        how="One process judges windows of 30 VMs a node one after the other, and serves them. wrk "
        f"sends requests over one connection and over eight, for {SECONDS} s each, without pauses. "
        "Samples are generated in memory, which takes a part of the time. `s a window` is the "
        "median time from reading to publishing, under this load.",
        columns=("nodes", "asked for", "p50 ms", "p90 ms", "p99 ms", "8 at once, p50 ms",
                 "8 at once, p99 ms", "8 at once, answers/s", "s a window"),
        rows=rows,
        verdict=f"At {FLEETS[-1]} nodes, the answer for one node takes {node[2]:.1f} ms (p90 "
        f"{node[3]:.1f}, p99 {node[4]:.0f}; aim 20). The data of the fleet's page take "
        f"{fleet[2]:.1f} ms (p99 {fleet[4]:.0f}; aim 300).",
    )  # fmt: skip


def asked(nodes: int) -> list[tuple[object, ...]]:
    """A row for each address."""
    words = [sys.executable, "-m", "benchmarks.service_load", str(nodes)]
    with subprocess.Popen(
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        if process.stdin is None or process.stdout is None:
            raise RuntimeError("pipes were asked for")
        address = process.stdout.readline().strip()
        time.sleep(1.0)
        found = {
            what: (load(address + place, 1), load(address + place, 8))
            for what, place in PLACES.items()
        }
        process.stdin.close()
        took = sorted(float(line) for line in process.stdout.read().split())
    median = took[len(took) // 2]
    return [
        (nodes, what, *one[:3], eight[0], eight[2], eight[3], median)
        for what, (one, eight) in found.items()
    ]


def load(address: str, connections: int) -> tuple[float, float, float, float]:
    """Milliseconds at percentiles 50, 90 and 99, and answers a second."""
    words = ["wrk", "-t1", f"-c{connections}", f"-d{SECONDS}s", "--latency", address]
    text = subprocess.run(words, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in text or "Socket errors" in text:
        raise RuntimeError(text)
    p50, p90, p99 = (
        float(value) * _UNIT[unit]
        for value, unit in (
            re.search(rf"{p}%\s+([\d.]+)(us|ms|s)", text).groups()  # type: ignore[union-attr]
            for p in (50, 90, 99)
        )
    )
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])  # type: ignore[index]
    return p50, p90, p99, rate


if __name__ == "__main__":
    run(Path()).show()
