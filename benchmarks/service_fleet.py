"""Judges windows of a large fleet: ``python -m benchmarks.service_fleet NODES SHADOWS WINDOWS``.

Samples are made up in memory, so that the step is measured and not a store.
"""

import json
import resource
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.samples import ESSENTIAL, Recorded, Rows, Sample
from scroogevm.journal import Journal
from scroogevm.offers.chain import Chain
from scroogevm.ports import RESOURCES, STRATEGIES, Shape, Store
from scroogevm.service.estimator import Estimator
from scroogevm.service.feed import Pace
from scroogevm.service.plan import GroupPlan

VMS, SAMPLES, SLICE = 30, 120, 1800.0
INTERVAL = SLICE / SAMPLES
DRIVER, SHADOWS = "calibrated:risk=0.01", ("greedy", "persistence")


class Made(Store):
    """A store that makes up what it is asked for."""

    def __init__(self, nodes: int) -> None:
        self._names = [f"node-{at:05d}" for at in range(nodes)]
        self.seconds = 0.0

    def write(self, samples: Sequence[Sample]) -> None:
        """Nothing."""

    def nodes(self, since: float, until: float) -> Sequence[str]:
        """All of them."""
        del since, until
        return self._names

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        """Samples of these nodes."""
        del until
        began = time.perf_counter()
        first = -(-since // INTERVAL)
        times: Floats = np.asarray((first + np.arange(SAMPLES)) * INTERVAL, np.float64)
        rng = np.random.default_rng([int(first), len(nodes)])
        of_vms = [(node, f"vm-{vm:02d}") for node in nodes for vm in range(VMS)]
        found = Recorded(
            self._rows([(node,) for node in nodes], times, 64.0, rng, quantities),
            self._rows(of_vms, times, 2.0, rng, quantities),
        )
        self.seconds += time.perf_counter() - began
        return found

    def close(self) -> None:
        """Nothing."""

    def _rows(
        self,
        owners: Sequence[tuple[str, ...]],
        times: Floats,
        cores: float,
        rng: np.random.Generator,
        quantities: Sequence[str],
    ) -> Rows:
        size = len(owners) * times.size
        missing = np.full(size, np.nan, np.float32)
        known: dict[str, Any] = {
            "cpu": np.full(size, cores, np.float32),
            "mem": np.full(size, cores * 4096, np.float32),
            "cpu_usage": (cores * 0.3 * rng.random(size, np.float32)).astype(np.float32),
            "mem_usage": (cores * 2048 * rng.random(size, np.float32)).astype(np.float32),
        }
        if len(owners[0]) == 1:
            known["vms"] = np.full(size, float(VMS), np.float32)
        values = {name: known.get(name, missing) for name in quantities}
        owner = np.repeat(np.arange(len(owners)), times.size)
        return Rows(owners, owner, np.tile(times, len(owners)), values)


def main(nodes: int, shadows: Sequence[str], windows: int) -> None:
    """Print seconds of each phase, MiB of memory, and MiB that the journal holds."""
    specs = (DRIVER, *shadows)
    built = {r: {s: STRATEGIES.build(s, r) for s in specs} for r in RESOURCES}
    chains = {r: Chain.of(r) for r in RESOURCES}
    plan = GroupPlan("all", ("*",), dict.fromkeys(RESOURCES, DRIVER), built, chains)
    store = Made(nodes)
    spent: list[tuple[float, float, float]] = []
    with TemporaryDirectory() as folder, Journal(Path(folder) / "journal.sqlite") as journal:
        shape = Shape(SLICE, SLICE)
        estimator = Estimator([plan], shape, Pace.of(INTERVAL, SLICE), lasts=60.0, forget=1e9)
        for number in range(1000, 1000 + windows):
            store.seconds, began = 0.0, time.perf_counter()
            judged = estimator.judge(store, journal, number)
            made = time.perf_counter()
            estimator.commit(journal, number, judged, number * SLICE, tell=True)
            done = time.perf_counter()
            spent.append((made - began - store.seconds, done - made, store.seconds))
        size = journal.size / 2**20
    late = spent[len(spent) // 2 :]
    judge, commit, made_up = (float(np.median([each[at] for each in late])) for at in range(3))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
    print(json.dumps([judge, commit, made_up, peak, size]))


if __name__ == "__main__":
    main(int(sys.argv[1]), tuple(filter(None, sys.argv[2].split(","))), int(sys.argv[3]))
