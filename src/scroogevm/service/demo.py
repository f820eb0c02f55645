"""Generates a fleet, to try the service.

A day takes twenty minutes. VMs arrive and leave. From time to time, a node gets too much load,
another sends no samples, and another loses its libvirt.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.samples import Sample
from scroogevm.ports import Store
from scroogevm.service.clock import Clock

INTERVAL = 3.0
"""Seconds between samples."""
SCOPE = 30.0
"""Seconds of a suitable scope."""
PAST = 3600.0
"""Seconds of samples before the start."""
_DAY = 1200.0
_CORES = (32.0, 64.0, 96.0)
_SIZES = np.array([1.0, 2.0, 2.0, 4.0, 4.0, 8.0])
_MIB_PER_CORE = 4096.0
_TROUBLE = 600.0
"""Seconds after which each kind of trouble moves to another node."""


@dataclass(frozen=True)
class DemoFleet:
    """Nodes and their VMs; their samples are a function of time.

    Attributes:
        nodes: number of nodes.
        seed: of all that is random.
    """

    nodes: int = 40
    seed: int = 1

    @property
    def names(self) -> Sequence[str]:
        """Names of the nodes."""
        return [f"rack{1 + at // 10}-node{1 + at % 10:02d}" for at in range(self.nodes)]

    def samples(self, since: float, until: float) -> Iterator[Sample]:
        """The samples of all nodes in ``since <= time < until``."""
        for tick in range(int(-(-since // INTERVAL)), int(-(-until // INTERVAL))):
            for at, name in enumerate(self.names):
                sample = self._sample(at, name, tick)
                if sample is not None:
                    yield sample

    def fill(self, store: Store, until: float) -> None:
        """Write the samples before the start.

        Raises:
            StoreError: the store does not take them.
        """
        store.write(list(self.samples(until - PAST, until)))

    def run(self, store: Store, clock: Clock, begin: float, stop: threading.Event) -> None:
        """Write samples from a time on, until it must stop.

        Raises:
            StoreError: the store does not take them.
        """
        while clock.wait(begin + INTERVAL, stop):
            end = clock.now()
            store.write(list(self.samples(begin, end)))
            begin = end

    def _sample(self, at: int, name: str, tick: int) -> Sample | None:
        time = tick * INTERVAL
        round_, phase = divmod(time, _TROUBLE)
        ill = int(round_) % max(1, self.nodes)
        if at == (ill + 7) % self.nodes and 60 < phase < 240:
            return None  # silent
        rng = np.random.default_rng([self.seed, at, tick])
        cores = _CORES[at % len(_CORES)]
        size, lives = self._vms(at, cores, time)
        usage = self._usage(at, cores, lives, time, rng)
        busy = at == (ill + 3) % self.nodes and phase > 300
        if busy:
            usage = np.minimum(size, usage * 2.5)
        memory = size * _MIB_PER_CORE
        used = np.round(memory * (0.35 + 0.25 * usage / size), 1)
        load = float(usage.sum()) / cores
        values = {
            "cpu": cores,
            "mem": cores * _MIB_PER_CORE * 1.5,
            "cpu_usage": min(cores, round(float(usage.sum()) + 0.4, 3)),
            "mem_usage": float(used.sum()) + 2048.0,
            "cpu_pressure": round(max(0.0, load - 0.6) + (0.3 if busy else 0.0), 4),
            "mem_pressure": 0.0,
            "vms": float(size.size),
        }
        if at == (ill + 11) % self.nodes and 120 < phase < 420:
            return Sample(name, time, {**values, "vms": np.nan})  # its libvirt is down
        vms = {"cpu": size, "mem": memory, "cpu_usage": np.round(usage, 3), "mem_usage": used}
        return Sample(name, time, values, [f"vm-{at:03d}-{vm:02d}" for vm in lives], vms)

    def _vms(self, at: int, cores: float, time: float) -> tuple[Floats, Sequence[int]]:
        """Sizes and numbers of the VMs; up to 1.6 times the cores are allocated."""
        vms = _vms_of(self.seed, at, cores)
        there = ~vms.visits | ((time + vms.born) % _DAY < 0.6 * _DAY)
        fits = np.cumsum(np.where(there, vms.size, 0.0)) <= vms.promised * cores
        lives = np.flatnonzero(there & fits)
        return vms.size[lives], lives.tolist()

    def _usage(
        self, at: int, cores: float, lives: Sequence[int], time: float, rng: np.random.Generator
    ) -> Floats:
        vms, rows = _vms_of(self.seed, at, cores), np.asarray(lives, np.int64)
        daily = 1.0 + 0.6 * np.sin(2 * np.pi * time / _DAY + vms.phase[rows])
        noise = rng.lognormal(0.0, 0.25, size=rows.size)
        share = np.clip(vms.mean[rows] * daily * noise, 0.01, 1.0)
        return np.asarray(share * vms.size[rows], np.float64)


class _DemoVMs(NamedTuple):
    """The VMs that a node may have, (vms,) each, and its allocation for each core."""

    size: Floats
    born: Floats
    visits: Bools
    mean: Floats
    phase: Floats
    promised: float


@cache
def _vms_of(seed: int, at: int, cores: float) -> _DemoVMs:
    rng = np.random.default_rng([seed, at])
    number = int(cores)
    return _DemoVMs(
        rng.choice(_SIZES, size=number),
        rng.uniform(0.0, _DAY, size=number),
        rng.random(number) < 0.2,
        rng.beta(2.0, 5.0, size=number),
        rng.normal(0.0, 0.4, size=number),
        1.0 + 0.6 * float(rng.random()),
    )
