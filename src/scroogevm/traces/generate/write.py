"""Writes generated nodes into a trace."""

from collections.abc import Callable
from pathlib import Path

import polars as pl

from scroogevm.traces.generate.node import draw
from scroogevm.traces.generate.workload import Workload
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.tables import PART_ROWS, TraceWriter


def generate(
    workload: Workload,
    directory: Path,
    *,
    overwrite: bool = False,
    progress: Callable[[int], None] = lambda _: None,
) -> Manifest:
    """Write the trace of a workload.

    Args:
        workload: what is generated.
        directory: where the trace shall be.
        overwrite: whether a trace that is there may be replaced.
        progress: told how many further nodes are done.

    Returns:
        What the trace says of itself.
    """
    waiting: list[tuple[pl.DataFrame, pl.DataFrame]] = []
    with TraceWriter(directory, workload.manifest, overwrite=overwrite) as writer:
        for number in range(workload.nodes):
            waiting.append(draw(workload, number))
            rows = sum(vms.height for _, vms in waiting)
            if rows + waiting[-1][1].height > PART_ROWS or number == workload.nodes - 1:
                nodes, vms = (pl.concat(tables) for tables in zip(*waiting, strict=True))
                writer.write(nodes, vms)
                waiting.clear()
            progress(1)
    return Manifest.read(directory)
