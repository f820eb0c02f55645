"""What one window of a large fleet costs calibrated, beside other strategies, and its state."""

import time
from pathlib import Path

import numpy as np

from benchmarks.report import Result
from scroogevm.core.window import Occurrence, VMs, Window
from scroogevm.engine import Engine
from scroogevm.ports import CPU, STRATEGIES
from scroogevm.runner import Lockstep, Runner

NODES, OF_NODE, SAMPLES, KEPT, WINDOWS = 10_000, 30, 12, 4, 12
ASKED = ("calibrated", "greedy", "rc-like", "google-per-vm", "n-sigma")
MIB = 2.0**20


def run(docs: Path) -> Result:
    del docs
    rows = [asked(name) for name in ASKED]
    seconds, state = rows[0][2], rows[0][3] + rows[0][4]
    kept = seconds < 1 and state < 50
    return Result(
        title="What a window of a large fleet costs calibrated",
        how=f"{NODES} nodes with {OF_NODE} VMs each, cpu only, {SAMPLES} samples a window, K = "
        f"{KEPT}, {WINDOWS} windows, one thread of NumPy. The first time is the slowest of the "
        "first K windows, the second one the slowest of the others. `state` is the memory for "
        "nodes, without the kept windows, which all strategies share. `pool` is the memory for "
        "all nodes together.",
        columns=("strategy", "first, s", "then, s", "state, MiB", "pool, MiB"),
        rows=rows,
        verdict=f"The aims for calibrated, 1 s a window and 50 MiB, are "
        f"{'met' if kept else 'missed'}.",
    )


def asked(name: str) -> tuple[str, float, float, float, float]:
    """Seconds and MiB of one strategy."""
    engine = Engine({CPU: {name: STRATEGIES.build(name, CPU)}}, KEPT, seconds=3600.0)
    runner = Runner(engine)
    together = Lockstep([runner])
    rng = np.random.default_rng(1)
    vms = NODES * OF_NODE
    names, vm_names = [f"n{at}" for at in range(NODES)], [f"v{at}" for at in range(vms)]
    node, size = np.repeat(np.arange(NODES), OF_NODE), np.full(vms, 2.0)
    passed, state = [], 0.0
    for number in range(WINDOWS):
        usage = rng.random((vms, SAMPLES)) * 0.5
        window = Window(
            usage.reshape(NODES, OF_NODE, SAMPLES).sum(axis=1),
            np.full(NODES, 64.0),
            np.full(NODES, 60.0),
            VMs(np.arange(vms), node, size, usage),
        )
        end = 3600.0 * (number + 1)
        occurrence = Occurrence(number, 0, end, names, {CPU: window}, vm_names)
        began = time.perf_counter()
        (step,) = together.step([(occurrence, ())])
        passed.append(time.perf_counter() - began)
        memo = step.estimates[CPU][name].memo if step else {}
        state = sum(array.nbytes for array in memo.values()) / MIB
    pool = sum(array.nbytes for array in together.snapshot()[1].values()) / MIB
    return name, max(passed[:KEPT]), max(passed[KEPT:]), state, pool
