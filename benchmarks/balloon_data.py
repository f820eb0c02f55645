"""Nodes of real VMs: what each was promised, and what it used over a day."""

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import polars as pl

from benchmarks.balloon_model import WINDOW
from scroogevm.core.arrays import Floats

BITBRAINS = Path(__file__).parents[2] / "shared" / "data" / "bitbrains-rnd-60d.parquet"
DAY = 86_400
SMALLEST, LARGEST = 1024, 65_536
"""MiB of VMs that are taken."""
VMS = 16
"""VMs of a node."""
Part = Literal["tuned", "held out"]
DAYS: dict[Part, tuple[int, int]] = {"tuned": (0, 28), "held out": (30, 58)}
"""Days of the trace that a part is of. Its VMs are every other one."""


def nodes(part: Part, count: int, seed: int = 1) -> Sequence[tuple[Floats, Floats]]:
    """MiB promised, (vms,), and MiB used, (vms, samples), of so many nodes.

    VMs and days are drawn; a sample that is missing is the one before.
    """
    scan = pl.scan_parquet(BITBRAINS).select("vm", "time", "mem_usage", "mem")
    sizes = scan.group_by("vm").agg(pl.col("mem").max(), rows=pl.len()).sort("vm").collect()
    whole = sizes.filter(
        pl.col("mem").is_between(SMALLEST, LARGEST) & (pl.col("rows") > 55 * DAY / WINDOW)
    )
    own = whole.gather_every(2, offset=list(DAYS).index(part))
    random = np.random.default_rng(seed)
    found = []
    for _ in range(count):
        chosen = own[np.sort(random.choice(own.height, VMS, replace=False))]
        first = int(random.integers(*DAYS[part])) * DAY
        grid = pl.DataFrame({"time": np.arange(first, first + DAY, int(WINDOW))})
        day = scan.filter(
            pl.col("vm").is_in(chosen["vm"].to_list())
            & pl.col("time").is_between(first, first + DAY, closed="left")
        )
        wide = day.collect().pivot(on="vm", index="time", values="mem_usage").sort("time")
        filled = grid.join_asof(wide, on="time").select(chosen["vm"].to_list())
        used = filled.fill_null(strategy="backward").fill_null(0.0).to_numpy().T
        found.append((chosen["mem"].to_numpy().astype(np.float64), used.astype(np.float64)))
    return found
