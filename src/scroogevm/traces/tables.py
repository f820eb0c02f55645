"""The two tables of our own trace format, and the writer that never leaves half a trace.

A trace is a directory: ``trace.json`` (see ``manifest``), and for each part ``nodes/PART.parquet``
and ``vms/PART.parquet``. A part holds whole nodes and is read at once, so it bounds the memory of a
replay. Rows are sorted by node (and VM), then time.

A VM lives on its node from its first row to its last; an absent row or a null between them is a
missing reading, never zero usage.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import TracebackType

import polars as pl

from scroogevm.files import StagedDirectory
from scroogevm.traces.manifest import MANIFEST, Manifest, Part

NODES: Mapping[str, str] = {
    "node": "name of the node",
    "time": "seconds on the trace's clock; the sample counts for the interval that begins here",
    "cpu": "capacity, cores",
    "mem": "capacity, MiB",
    "cpu_usage": "cores in use; null where missing",
    "mem_usage": "MiB in use; null where missing",
}
"""Columns of ``nodes/``, one row a node and sample."""

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
"""VM rows a writer should put into one part: some 800 MiB when it is replayed."""


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
    (Part(name='00000', nodes=1, vm_rows=1),)
    """

    def __init__(self, directory: Path, manifest: Manifest, *, overwrite: bool = False) -> None:
        self.manifest = manifest
        self._staged = StagedDirectory(directory, MANIFEST, overwrite=overwrite)
        self._parts: list[Part] = []

    def __enter__(self) -> "TraceWriter":
        self._place = self._staged.__enter__()
        return self

    def write(self, nodes: pl.DataFrame, vms: pl.DataFrame) -> None:
        """Append a part of whole nodes.

        Args:
            nodes: the columns of ``NODES``, any number type.
            vms: the columns of ``VMS``, any number type.

        A full disk ends the block with an ``OutputError``.
        """
        for table in ("nodes", "vms"):
            (self._place / table).mkdir(exist_ok=True)
        name = f"{len(self._parts):05d}"
        # Names as Categorical: a few bytes a row, and the same type in every part.
        nodes = nodes.select(NODES.keys()).with_columns(pl.col("node").cast(NAME))
        vms = vms.select(VMS.keys()).with_columns(pl.col("node", "vm").cast(NAME))
        nodes = nodes.sort("node", "time")
        vms = vms.sort("node", "vm", "time")
        for table, frame in (("nodes", nodes), ("vms", vms)):
            path = self._place / table / f"{name}.parquet"
            # One row group: a part is read at once, and its columns lie in one piece.
            frame.write_parquet(path, compression="zstd", row_group_size=max(frame.height, 1))
        self._parts.append(Part(name, nodes["node"].n_unique(), vms.height))

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
