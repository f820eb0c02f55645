"""ScroogeVM's own table of VMs: Parquet or CSV with a header."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from scroogevm.errors import TraceError
from scroogevm.registry import parameter
from scroogevm.traces.checks import ABSURD_FRACTION, ABSURD_VM
from scroogevm.traces.dataset import FILE, VM_TABLE, Dataset, absurd_option, one_of, unreadable
from scroogevm.traces.datasets._text import headed, number
from scroogevm.traces.manifest import VM_CPU_UNITS

NUMBERS = tuple(column for column in VM_TABLE if column != "vm")
OPTIONAL = ("mem_usage", "mem")


@dataclass(frozen=True)
class Vms(Dataset):
    """The columns vm, time, cpu_usage, cpu, and where known mem_usage and mem; others are left."""

    formula = "Parquet, CSV or CSV.gz file with columns vm, time, cpu_usage, cpu[, mem_usage, mem]"
    source = "this project"
    licence = "that of the data in it"

    unit: str = parameter("cores", "unit of cpu_usage: cores, or fraction of the allocation")
    cores: float = parameter(0.0, "cores of VMs whose cpu is unknown; 0 for none", low=0)
    interval: float = parameter(0.0, "seconds between readings; 0 to find out", low=0)
    absurd: str = absurd_option()

    def __post_init__(self) -> None:
        """Check the choices that are not numbers."""
        super().__post_init__()
        one_of("unit", self.unit, VM_CPU_UNITS)

    @property
    def step(self) -> float | None:
        """As told, otherwise the table tells."""
        return self.interval or None

    @property
    def burst_limit(self) -> float:
        """A fraction above 2 is none, while cores may burst."""
        return ABSURD_FRACTION if self.unit == "fraction" else ABSURD_VM

    def recognises(self, path: Path) -> bool:
        """Whether it is a file that is named so."""
        return path.is_file() and path.name.endswith((".parquet", ".csv", ".csv.gz"))

    def scan(self, path: Path) -> pl.LazyFrame:
        """The file itself."""
        if path.name.endswith(".parquet"):
            frame = pl.scan_parquet(path, glob=False)
            schema = _schema(frame, path)
            rows = frame.select(self._column(name, path, schema) for name in VM_TABLE)
        else:
            frame = headed(path, ",", "utf8")
            schema = _schema(frame, path)
            rows = frame.select(
                "vm",
                *(
                    number(pl.col(name)).alias(name)
                    if name in schema
                    else pl.lit(None, pl.Float64).alias(name)
                    for name in NUMBERS
                ),
            )
        if self.cores:
            rows = rows.with_columns(pl.col("cpu").fill_null(self.cores))
        if self.unit == "fraction":
            rows = rows.with_columns(cpu_usage=pl.col("cpu_usage") * pl.col("cpu"))
        return rows.with_columns(pl.lit(str(path)).alias(FILE))

    def _column(self, name: str, path: Path, schema: pl.Schema) -> pl.Expr:
        if name == "vm":
            return pl.col(name).cast(pl.String)
        if name not in schema:
            return pl.lit(None, pl.Float64).alias(name)
        kind = schema[name]
        if not kind.is_numeric() and kind != pl.Null:
            remedy = VM_TABLE[name]
            raise TraceError(f"is {kind}, not a number", where=f"{path}: {name}", remedy=remedy)
        column = pl.col(name)
        return column.fill_nan(None) if kind.is_float() else column.cast(pl.Float64)


def _schema(frame: pl.LazyFrame, path: Path) -> pl.Schema:
    """The columns of a table that has all it must have.

    Raises:
        TraceError: it cannot be read, or a column is missing.
    """
    try:
        schema = frame.collect_schema()
    except (OSError, pl.exceptions.PolarsError) as error:
        raise unreadable(path, error) from None
    if "vm" not in schema and "node" in schema:
        raise TraceError(
            "is a table of nodes: it has a column 'node' and none 'vm'",
            where=str(path),
            remedy="only VMs can be placed on nodes",
        )
    for name in VM_TABLE:
        if name not in schema and name not in OPTIONAL:
            has = ", ".join(item for item in schema.names() if item != FILE)
            raise TraceError(f"column {name!r} is missing", where=str(path), remedy=f"it has {has}")
    return schema
