"""Every quiescence test on a fleet's window: seconds and memory, each in a fresh process."""

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.report import Result
from scroogevm.ports import QUIESCENCE

NODES, RESOURCES, KEPT, SAMPLES, TIMES = 10_000, 2, 4, 360, 3
AIMS = {"lstm": (20.0, 2.0), "shift": (3.0, 2.0)}
"""Seconds and GiB."""
CODE = """
import json, resource, sys, time
import numpy as np
from scroogevm.core.history import History
from scroogevm.core.window import VMs, Window
from scroogevm.ports import CPU, QUIESCENCE

name, nodes, resources, kept, samples = sys.argv[1], *map(int, sys.argv[2:])
rng = np.random.default_rng(2024)

def fleet(nodes):
    capacity = np.full(nodes, 256.0)
    windows = [
        Window(rng.normal(80.0, 8.0, (nodes, samples)), capacity, capacity, VMs.none())
        for _ in range(kept + 1)
    ]
    return History(tuple(windows[:-1]), windows[-1], kept)

test = QUIESCENCE.build(name, CPU)
test.judge(fleet(1))
asked = [fleet(nodes) for _ in range(resources)]
wall, busy = time.perf_counter(), time.process_time()
for history in asked:
    test.judge(history)
wall, busy = time.perf_counter() - wall, time.process_time() - busy
print(json.dumps([wall, busy, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20]))
"""


def run(docs: Path) -> Result:
    del docs
    rows: list[tuple[str, float, float, float, str]] = []
    for name in QUIESCENCE.names:
        seconds, busy, peak = min(ask(name) for _ in range(TIMES))
        aim = "{:.0f} s, {:.0f} GiB".format(*AIMS[name]) if name in AIMS else ""
        rows.append((name, seconds, busy, peak, aim))
    seen = {name: (seconds, peak) for name, seconds, _, peak, _ in rows}
    kept = all(
        seconds <= AIMS[name][0] and peak <= AIMS[name][1]
        for name, (seconds, peak) in seen.items()
        if name in AIMS
    )
    return Result(
        title="Quiescence tests on a fleet",
        how=f"{NODES} nodes, {RESOURCES} resources, {KEPT} kept windows and a new one of {SAMPLES} "
        f"samples each. The time is the fastest of {TIMES} new processes, without compilation. "
        "Core seconds are the sum of the busy times of all threads. Memory is the peak of the "
        "process, including the windows of both resources.",
        columns=("test", "seconds", "core seconds", "GiB", "aim"),
        rows=rows,
        verdict=f"The aims are {'met' if kept else 'missed'}.",
    )


def ask(name: str) -> tuple[float, float, float]:
    """Seconds, core seconds and GiB of one test.

    Raises:
        subprocess.CalledProcessError: it failed.
    """
    numbers = (NODES, RESOURCES, KEPT, SAMPLES)
    said = subprocess.run(
        [sys.executable, "-c", CODE, name, *map(str, numbers)],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    ).stdout
    seconds, busy, peak = json.loads(said)
    return seconds, busy, peak
