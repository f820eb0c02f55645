"""Sums the samples of the VMs on placed nodes."""

from dataclasses import dataclass

import numpy as np
import polars as pl

from scroogevm.core.arrays import Floats, Ints

MEASURED = 0.5
"""Share of a node's allocation whose readings must be there, for the node to have one."""


@dataclass(frozen=True)
class Nodes:
    """The nodes of a part and the grid they stand on.

    Attributes:
        first: number of the first of them.
        names: their names.
        origin: time of the first sample, s.
        interval: seconds between samples.
        samples: how many samples.
        cores: capacity of each.
        memory: capacity of each, MiB.
    """

    first: int
    names: list[str]
    origin: float
    interval: float
    samples: int
    cores: float
    memory: float

    def slots(self, time: pl.Series) -> Ints:
        """Which sample each time is."""
        return np.rint((time.to_numpy() - self.origin) / self.interval).astype(np.int64)


def node_rows(nodes: Nodes, rows: pl.DataFrame, lives: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    """The node table of a part.

    A sample is the sum of the readings of the VMs that live there, and in proportion for those
    without one: sum / (allocation read / allocation alive). It is null when less than half of the
    allocation was read, and at most the node's capacity. A node without VMs uses nothing;
    where no VM of the part was ever read, nothing is known.

    Args:
        nodes: the nodes.
        rows: readings: node (number), time, cpu_usage, mem_usage, cpu_weight, mem_weight.
        lives: VMs: node (number), first, last, cpu_weight, mem_weight.

    Returns:
        The table, and how many samples were cut at the capacity.
    """
    count, samples = len(nodes.names), nodes.samples
    cell = (rows["node"].to_numpy() - nodes.first) * samples + nodes.slots(rows["time"])
    owner = lives["node"].to_numpy() - nodes.first
    begin, end = nodes.slots(lives["first"]), nodes.slots(lives["last"]) + 1
    times = nodes.origin + np.arange(samples) * nodes.interval
    table = {
        "node": pl.Series(nodes.names).gather(np.repeat(np.arange(count), samples)),
        "time": np.tile(times.astype(np.int64), count),
        "cpu": np.full(count * samples, nodes.cores),
        "mem": np.full(count * samples, nodes.memory),
    }
    cut = 0
    for resource, capacity in (("cpu", nodes.cores), ("mem", nodes.memory)):
        weight = lives[f"{resource}_weight"].to_numpy()
        change = np.zeros((count, samples + 1), np.int64)
        np.add.at(change, (owner, begin), weight)
        np.add.at(change, (owner, end), -weight)
        alive = np.cumsum(change, axis=1)[:, :samples].ravel()
        wanted = _wanted(rows, resource, cell, alive)
        cut += int(np.sum(wanted > capacity * (1 + 1e-9)))
        table[f"{resource}_usage"] = np.minimum(wanted, capacity)
    usage = pl.col("cpu_usage", "mem_usage").fill_nan(None)
    return pl.DataFrame(table).with_columns(usage), cut


def _wanted(rows: pl.DataFrame, resource: str, cell: Ints, alive: Ints) -> Floats:
    """What the VMs of each node want, (nodes * samples,); NaN where too few were read."""
    usage = rows[f"{resource}_usage"].cast(pl.Float64).fill_null(np.nan).to_numpy()
    read = ~np.isnan(usage)
    weight = rows[f"{resource}_weight"].to_numpy()[read]
    total = np.bincount(cell[read], weights=usage[read], minlength=alive.size)
    known = np.bincount(cell[read], weights=weight, minlength=alive.size)
    if not read.any():
        return np.full(alive.size, np.nan)
    share = np.divide(known, alive, out=np.ones(alive.size), where=alive > 0)
    return np.where(share >= MEASURED, total / np.where(share > 0, share, 1), np.nan)
