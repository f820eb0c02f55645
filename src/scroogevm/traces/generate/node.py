"""Generates one node: its VMs, their usage, and their sums."""

import numpy as np
import polars as pl

from scroogevm.traces.generate import signals
from scroogevm.traces.generate.mixes import DrawnVMs
from scroogevm.traces.generate.signals import SampleTimes, Singles
from scroogevm.traces.generate.workload import Workload

OVERHEAD_CORES = 0.002
"""Share of a node's cores that the hypervisor itself needs, and as much again at full load."""
OVERHEAD_MEMORY = 0.015
"""Share of a node's memory that it needs."""


def draw(workload: Workload, number: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The tables of one node: nodes and VMs.

    Each node has its own stream of random numbers, so it does not matter which are drawn together.

    Args:
        workload: what is generated.
        number: which node, from 0.
    """
    rng = np.random.default_rng(np.random.SeedSequence(workload.seed, spawn_key=(number,)))
    clock = SampleTimes(workload.samples, workload.interval)
    course = workload.course
    vms, begin, end = course.lives(workload.figures, workload.vms, clock.samples, rng)
    if course.periodic is not None:
        vms = DrawnVMs(**(vars(vms) | {"periodic": rng.random(begin.size) < course.periodic}))
    cores, memory = workload.capacity
    present = (np.arange(clock.samples) >= begin[:, np.newaxis]) & (
        np.arange(clock.samples) < end[:, np.newaxis]
    )
    cpu = signals.cpu(vms, clock, course.trend, rng) * _column(vms.cores)
    mem = signals.memory(begin.size, clock, rng) * _column(vms.memory)
    cpu_usage, busy = _fit(cpu, present, cores, OVERHEAD_CORES, 4)
    mem_usage, full = _fit(mem, present, memory, OVERHEAD_MEMORY, 1)
    times = _times(clock)
    node = pl.DataFrame(
        {"time": times, "cpu_usage": busy, "mem_usage": full},
        schema_overrides={"cpu_usage": pl.Float32, "mem_usage": pl.Float32},
    ).with_columns(
        node=_names("node", workload.nodes, np.full(clock.samples, number)),
        cpu=pl.lit(cores, pl.Float32),
        mem=pl.lit(memory, pl.Float32),
    )
    which, when = np.nonzero(present)
    table = pl.DataFrame(
        {
            "node": _names("node", workload.nodes, np.full(which.size, number)),
            "vm": _names(f"vm-{number:0{len(str(workload.nodes - 1))}}", begin.size, which),
            "time": times[when],
            "cpu": vms.cores.astype(np.float32)[which],
            "mem": vms.memory.astype(np.float32)[which],
            "cpu_usage": cpu_usage[present],
            "mem_usage": mem_usage[present],
        }
    )
    return node, table


def _fit(
    usage: Singles, present: np.ndarray, capacity: float, overhead: float, digits: int
) -> tuple[Singles, Singles]:
    """Usage of the VMs and of the node, which never has more to give than its capacity.

    Args:
        usage: (vms, samples), what the VMs want.
        present: (vms, samples), where they live.
        capacity: of the node.
        overhead: share of it that the hypervisor needs.
        digits: decimals kept.

    Returns:
        (vms, samples) of the VMs and (samples,) of the node.
    """
    wanted = np.where(present, usage, 0).sum(axis=0, dtype=np.float64)
    own = overhead * (capacity + np.minimum(wanted, capacity))
    scale = np.minimum(1.0, np.maximum(capacity - own, 0) / np.maximum(wanted, 1e-9))
    granted = np.round(usage * scale.astype(np.float32), digits)
    total = np.where(present, granted, 0).sum(axis=0, dtype=np.float64) + own
    return granted, np.round(np.minimum(total, capacity), digits).astype(np.float32)


def _times(clock: SampleTimes) -> np.ndarray:
    """Seconds of each sample, whole numbers where the interval is one."""
    times = np.arange(clock.samples) * clock.interval
    return times.astype(np.int32) if float(clock.interval).is_integer() else times


def _names(stem: str, count: int, which: np.ndarray) -> pl.Series:
    """Names by number, in alphabetical order."""
    width = len(str(count - 1))
    names = [f"{stem}-{number:0{width}}" for number in range(count)]
    return pl.Series(names, dtype=pl.String).gather(which)


def _column(values: np.ndarray) -> Singles:
    return values.astype(np.float32)[:, np.newaxis]
