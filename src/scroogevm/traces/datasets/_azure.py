"""The common layout of both Azure VM traces: a VM table and files of readings, no headers."""

from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path

import polars as pl

from scroogevm.errors import TraceError
from scroogevm.traces.dataset import FILE, NO_NUMBER, Dataset
from scroogevm.traces.datasets._text import bare, files_below, first_unreadable, number
from scroogevm.traces.sizes import MIB_IN_GIB

TABLE = "vmtable.csv"
READINGS = "vm_cpu_readings*.csv"

VM_COLUMNS = (
    "vm", "subscription", "deployment", "created", "deleted",
    "max_cpu", "avg_cpu", "p95_max_cpu", "category", "cores", "memory_gib",
)  # fmt: skip
READING_COLUMNS = ("time", "vm", "min_cpu", "max_cpu", "avg_cpu")


class Azure(Dataset):
    """``vmtable.csv`` and ``vm_cpu_readings-file-N-of-M.csv``, plain or gzipped, no headers.

    A reading has time, VM, minimum, maximum and average cpu in percent of the VM; the average is
    taken. Memory usage is not published.
    """

    def scan(self, path: Path) -> pl.LazyFrame:
        """Readings joined to the sizes of their VMs."""
        table, shards = _files(path)
        if not table or not shards:
            lacking = READINGS if table else TABLE
            raise TraceError(
                f"has no {lacking}", where=str(path), remedy=f"{TABLE} and {READINGS}, or .gz"
            )
        sizes = bare(table[:1], VM_COLUMNS).select(
            "vm", cpu=self.size("cores"), mem=self.size("memory_gib") * MIB_IN_GIB
        )
        share = number(pl.col("avg_cpu")).fill_null(NO_NUMBER) / 100
        readings = bare(shards, READING_COLUMNS).select(
            "vm", FILE, time=number(pl.col("time")), share=share
        )
        return readings.join(sizes, on="vm", how="left", maintain_order="left").select(
            "vm",
            "time",
            cpu_usage=pl.col("share") * pl.col("cpu"),
            cpu=pl.col("cpu"),
            mem_usage=pl.lit(None, pl.Float64),
            mem=pl.col("mem"),
            **{FILE: pl.col(FILE)},
        )

    def blame(self, path: Path) -> Path:
        """The first CSV that cannot be read."""
        table, shards = _files(path)
        queries = [(file, bare([file], VM_COLUMNS)) for file in table]
        queries += [(file, bare([file], READING_COLUMNS)) for file in shards]
        return first_unreadable(queries, path)

    @abstractmethod
    def size(self, column: str) -> pl.Expr:
        """The size in a column of the VM table."""


def _files(path: Path) -> tuple[Sequence[Path], Sequence[Path]]:
    if not path.is_dir():
        return (), ()
    return files_below(path, TABLE), files_below(path, READINGS)


def looks_right(path: Path, *, bucketed: bool) -> bool:
    """Whether a directory holds an Azure trace, with sizes in buckets (">24") or without."""
    table, shards = _files(path)
    if not table or not shards:
        return False
    if any("-of-195." in shard.name for shard in shards):
        return bucketed
    sizes = bare(table[:1], VM_COLUMNS).select(
        pl.any_horizontal(pl.col("cores", "memory_gib").str.contains(">", literal=True)).any()
    )
    try:
        return bool(sizes.collect(engine="streaming").item()) is bucketed
    except (OSError, pl.exceptions.PolarsError):
        return not bucketed  # reading it will say what is wrong
