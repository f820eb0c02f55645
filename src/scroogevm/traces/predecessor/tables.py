"""Converts a recording of the predecessor to the two tables of a trace."""

from pathlib import Path

import numpy as np
import polars as pl

from scroogevm.errors import TraceError
from scroogevm.ports import RESOURCES
from scroogevm.traces.manifest import Manifest, VmCpuUnit
from scroogevm.traces.predecessor.recording import Recording, Sampled, read_recording
from scroogevm.traces.remarks import Remarks


def to_tables(
    path: Path, unit: VmCpuUnit = "fraction"
) -> tuple[Manifest, pl.DataFrame, pl.DataFrame]:
    """Read a trace of the predecessor as manifest, node table and VM table.

    Samples are joined by position and stand on a regular grid: window i lasts from i to i+1 slices.

    Raises:
        TraceError: it cannot be read, or its occurrences have different numbers of samples.
    """
    return recording_to_tables(read_recording(path, Remarks()), unit)


def recording_to_tables(
    recording: Recording, unit: VmCpuUnit = "fraction"
) -> tuple[Manifest, pl.DataFrame, pl.DataFrame]:
    """The tables of a recording that was read already; likewise."""
    widths = {max(one.usage[r].size for r in RESOURCES) for one in recording.node}
    widths.discard(0)
    if len(widths) != 1:
        raise TraceError(
            f"occurrences have {', '.join(map(str, sorted(widths)))} samples",
            where=f"{recording.path}: node.raw_data",
            remedy="tables need the same number in each; replay the JSON file itself",
        )
    width = widths.pop()
    shape = recording.shape
    interval = shape.slice / width
    nodes = [
        _frame(sampled, number, width, interval).with_columns(node=pl.lit(recording.name))
        for number, sampled in enumerate(recording.node)
    ]
    vms = [
        _frame(sampled, number, width, interval).with_columns(
            node=pl.lit(recording.name), vm=pl.lit(recording.vm_names[position])
        )
        for number, living in enumerate(recording.vms)
        for position, sampled in living.items()
    ]
    manifest = Manifest(
        scope=shape.scope,
        slice=shape.slice,
        interval=interval,
        history=shape.history,
        end=len(recording.ends) * shape.slice,
        vm_cpu_usage=unit,
        source={"file": recording.path.name, "format": "predecessor"},
    )
    empty = pl.DataFrame(schema={**nodes[0].schema, "vm": pl.String})
    return manifest, pl.concat(nodes), pl.concat(vms) if vms else empty


def _frame(sampled: Sampled, number: int, width: int, interval: float) -> pl.DataFrame:
    columns = {"time": (number * width + np.arange(width)) * interval}
    for resource in RESOURCES:
        columns[resource] = np.full(width, sampled.size[resource])
        usage = np.full(width, np.nan)
        given = sampled.usage[resource][:width]
        usage[: given.size] = given
        columns[f"{resource}_usage"] = usage
    return pl.DataFrame(columns).with_columns(pl.exclude("time").fill_nan(None))
