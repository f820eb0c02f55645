"""The two tables of the trace format, and a writer that never leaves an incomplete trace.

A trace is a directory: ``trace.json`` (see ``manifest``), and for each part ``nodes/PART.parquet``
and ``vms/PART.parquet``. A part holds whole nodes and is read at once, so it bounds the memory of a
replay. Rows are sorted by block of time (see ``manifest.Part``), then by node (and VM), then time.

A VM is on its node in a window if a sample of the window has a row of it, with or without numbers.
It is gone in a window whose samples list VMs, and not it. A null is a missing reading, never zero
usage.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import polars as pl

from scroogevm.core.samples import SIGNALS
from scroogevm.errors import TraceError
from scroogevm.files import StagedDirectory
from scroogevm.traces.manifest import MANIFEST, Manifest, Part

NODES: Mapping[str, str] = {
    "node": "name of the node",
    "time": "seconds on the trace's clock; the sample counts for the interval that begins here",
    "cpu": "capacity, cores",
    "mem": "capacity, MiB",
    "cpu_usage": "cores in use; null where missing",
    "mem_usage": "MiB in use; null where missing",
    "vms": "how many VMs the sample lists; null if the VMs were unknown",
}
"""Columns of ``nodes/``, one row a node and sample."""

LISTING = "vms"
"""The column of ``nodes/`` that version 1 lacks."""

SIGNAL_COLUMNS: Mapping[str, str] = {
    name: f"{quantity.unit}: {quantity.meaning}" for name, quantity in SIGNALS.items()
}
"""Columns that ``nodes/`` may have besides, null where the sample does not tell."""

VMS: Mapping[str, str] = {
    "node": "name of the node it is on",
    "vm": "name of the VM, unique on its node",
    "time": NODES["time"],
    "cpu": "allocation, cores",
    "mem": "allocation, MiB",
    "cpu_usage": "usage in the unit that trace.json names: cores, or fraction of the allocation",
    "mem_usage": "MiB in use; null where missing",
}
"""Columns of ``vms/``, one row a VM and sample."""

NAME = pl.Categorical()
PART_ROWS = 8_000_000
"""VM rows a writer should put into one part, which it holds in memory: some 800 MiB."""
BLOCK_ROWS = 200_000
"""VM or node rows in a block of time: what a replay holds in memory, some 20 MiB."""


def columns(there: Collection[str], table: str, where: str) -> list[str]:
    """The columns to read of a table: those it must have, and of the others those it has.

    Args:
        there: its columns.
        table: ``nodes`` or ``vms``.
        where: the file, for messages.

    Raises:
        TraceError: one that it must have is missing.
    """
    wanted, optional = (NODES, SIGNAL_COLUMNS) if table == "nodes" else (VMS, {})
    for name in wanted:
        if name not in there and name != LISTING:
            raise TraceError("is missing", where=f"{where}: {name}")
    return [name for name in (*wanted, *optional) if name in there]


def with_listing(nodes: pl.DataFrame, vms: pl.DataFrame) -> pl.DataFrame:
    """Node rows with ``vms``, where every sample lists all VMs that have a row of its time."""
    rows = vms.group_by("node", "time").agg(pl.len().cast(pl.Int32).alias("vms"))
    joined = nodes.with_columns(pl.col("node").cast(pl.String), pl.col("time")).join(
        rows.with_columns(pl.col("node").cast(pl.String), pl.col("time").cast(nodes["time"].dtype)),
        on=["node", "time"],
        how="left",
        maintain_order="left",
    )
    return joined.with_columns(pl.col("vms").fill_null(0))


def fill_gaps(vms: pl.DataFrame, interval: float) -> pl.DataFrame:
    """Rows of VMs with a row for every sample from the first to the last of each.

    A row that is added has the size of the row before and no usage: for data sets that leave out
    readings of VMs which are there.

    Args:
        vms: the columns of ``VMS``, any order.
        interval: seconds between samples.
    """
    vms = vms.sort("node", "vm", "time")
    same = (pl.col("node") == pl.col("node").shift(-1)) & (pl.col("vm") == pl.col("vm").shift(-1))
    missing = ((pl.col("time").shift(-1) - pl.col("time")) / interval).round() - 1
    gaps = vms.with_columns(
        pl.when(same & (missing > 0)).then(missing).otherwise(0).cast(pl.Int64).alias("_missing")
    ).filter(pl.col("_missing") > 0)
    if not gaps.height:
        return vms
    step = pl.int_ranges(1, pl.col("_missing") + 1)
    rows = (
        gaps.with_columns(step.alias("_step"))
        .explode("_step")
        .with_columns(
            (pl.col("time") + pl.col("_step") * interval).cast(vms["time"].dtype),
            *(pl.lit(None, vms[name].dtype).alias(name) for name in ("cpu_usage", "mem_usage")),
        )
        .select(vms.columns)
    )
    return pl.concat([vms, rows]).sort("node", "vm", "time")


class TraceWriter:
    """Writes a trace part by part, beside its place, and moves it there when it is whole.

    >>> import tempfile
    >>> nodes = pl.DataFrame({"node": ["n"], "time": [0], "cpu": [8], "mem": [1024],
    ...                       "cpu_usage": [1.0], "mem_usage": [10.0]})
    >>> vms = nodes.with_columns(vm=pl.lit("a"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     manifest = Manifest(scope=60, slice=60, interval=60, end=60)
    ...     with TraceWriter(Path(folder) / "trace", manifest) as writer:
    ...         writer.write(nodes, vms)
    ...     Manifest.read(Path(folder) / "trace").parts
    (Part(name='00000', nodes=1, vm_rows=1, block=0.0),)
    """

    def __init__(self, directory: Path, manifest: Manifest, *, overwrite: bool = False) -> None:
        self.manifest = manifest
        self._staged = StagedDirectory(
            directory, MANIFEST, command="scroogevm trace", overwrite=overwrite
        )
        self._parts: list[Part] = []

    def __enter__(self) -> "TraceWriter":
        self._place = self._staged.__enter__()
        return self

    def write(self, nodes: pl.DataFrame, vms: pl.DataFrame) -> None:
        """Append a part of whole nodes.

        Args:
            nodes: the columns of ``NODES``, any number type, and signals; without ``vms`` every
                sample lists the VMs that have a row of its time.
            vms: the columns of ``VMS``, any number type.

        A full disk ends the block with an ``OutputError``.
        """
        for table in ("nodes", "vms"):
            (self._place / table).mkdir(exist_ok=True)
        name = f"{len(self._parts):05d}"
        nodes = nodes if "vms" in nodes.columns else with_listing(nodes, vms)
        signals = [name for name in SIGNAL_COLUMNS if name in nodes.columns]
        nodes = nodes.select(*NODES, *signals).with_columns(
            pl.col("vms").cast(pl.Int32), pl.col(signals).cast(pl.Float32)
        )
        block = self._block(max(nodes.height, vms.height))
        vms = vms.select(VMS.keys())
        for table, frame, keys in (("nodes", nodes, ["node"]), ("vms", vms, ["node", "vm"])):
            rows = self._sorted(frame, keys, block)
            path = self._place / table / f"{name}.parquet"
            # Row groups of about a block: their times tell a reader which of them it needs.
            size = max(1, rows.height) if not block else min(BLOCK_ROWS, max(1, rows.height))
            rows.write_parquet(path, compression="zstd", row_group_size=size)
        self._parts.append(Part(name, nodes["node"].n_unique(), vms.height, block))

    def _block(self, rows: int) -> float:
        """Seconds in a block of a part with so many rows: whole slices; 0 for all of it."""
        manifest = self.manifest
        windows = max(1, manifest.windows)
        each = max(1, int(BLOCK_ROWS * windows / max(rows, 1)))
        return 0.0 if each >= windows else each * manifest.slice

    def _sorted(self, frame: pl.DataFrame, keys: Sequence[str], block: float) -> pl.DataFrame:
        """Rows by block of time, then by name, then by time."""
        # Names as Categorical: a few bytes a row, and the same type in every part.
        frame = frame.with_columns(pl.col(keys).cast(pl.String))
        if not block:
            return frame.sort(*keys, "time").with_columns(pl.col(keys).cast(NAME))
        number = ((pl.col("time") - self.manifest.origin) / block + 1e-9).floor()
        return (
            frame.with_columns(number.alias("_block"))
            .sort("_block", *keys, "time")
            .drop("_block")
            .with_columns(pl.col(keys).cast(NAME))
        )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            manifest = replace(self.manifest, parts=tuple(self._parts))
            try:
                (self._place / MANIFEST).write_text(manifest.to_json())
            except BaseException as problem:
                self._staged.__exit__(type(problem), problem, problem.__traceback__)
                raise
        self._staged.__exit__(kind, error, trace)
