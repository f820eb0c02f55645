"""What the Bitbrains and Materna traces of the Grid Workloads Archive share: a CSV for each VM."""

import re
from abc import abstractmethod
from pathlib import Path
from typing import ClassVar

import polars as pl

from scroogevm.errors import SpecError, TraceError
from scroogevm.traces.checks import ABSURD_VM
from scroogevm.traces.dataset import FILE, NO_NUMBER, Dataset
from scroogevm.traces.datasets._text import (
    files_below,
    first_line,
    first_unreadable,
    headed,
    number,
)

CORES, CAPACITY, USAGE = "CPU cores", "CPU capacity provisioned [MHZ]", "CPU usage [MHZ]"
MEMORY, MEMORY_USAGE = "Memory capacity provisioned [KB]", "Memory usage [KB]"
KIB_IN_MIB = 1024.0
DUPLICATES = ("refuse", "mean")

_MONTH = re.compile(r"\d{4}-\d{1,2}")


class Gwa(Dataset):
    """One CSV a VM, separated by semicolons, about every 300 s.

    Cores in use are usage over provisioned capacity, both in MHz, times the cores. Readings are
    moved to the nearest multiple of 300 s from the first of all; those that meet are averaged. A
    VM is called like its file, below the folders that are no months.
    """

    comma: ClassVar[bool]
    duplicates: str

    def __post_init__(self) -> None:
        """Check the choice that is no number."""
        super().__post_init__()
        if self.duplicates not in DUPLICATES:
            raise SpecError(
                f"{self.duplicates!r} is unknown",
                where="duplicates",
                remedy=" or ".join(DUPLICATES),
            )

    @property
    def absurd(self) -> float:
        """Usage in MHz may be above what a VM was provisioned, for a while."""
        return ABSURD_VM

    @abstractmethod
    def is_header(self, line: str) -> bool:
        """Whether a file of this layout begins with such a line."""

    @abstractmethod
    def seconds(self, time: pl.Expr) -> pl.Expr:
        """A timestamp in seconds, ``NO_NUMBER`` where it is none."""

    def recognises(self, path: Path) -> bool:
        """Whether the first file has the header of this layout."""
        return any(self.is_header(first_line(file)) for file in files_below(path, "*.csv")[:1])

    def scan(self, path: Path) -> pl.LazyFrame:
        """All files, their readings on one grid."""
        files = files_below(path, "*.csv")
        if not files:
            raise TraceError("has no CSV file", where=str(path), remedy="one for each VM")
        root = path if path.is_dir() else path.parent
        rows = pl.concat([self._one(file, _name(file, root)) for file in files])
        step = self.step or 1.0
        start = self._start(rows)
        slot = ((pl.col("time") - start) / step + 0.5).floor() * step
        return (
            rows.with_columns(time=slot)
            .group_by("vm", "time", maintain_order=True)
            .agg(
                pl.col("cpu_usage", "mem_usage").mean(),
                pl.col("cpu", "mem").max(),
                pl.col(FILE).first(),
            )
        )

    def blame(self, path: Path) -> Path:
        """The first CSV that cannot be read."""
        files = files_below(path, "*.csv")
        return first_unreadable(((file, self._one(file, "")) for file in files), path)

    def _start(self, rows: pl.LazyFrame) -> float:
        """The first moment of all; on the way, two readings of one moment are found."""
        time = pl.col("time")
        lives = rows.group_by("vm").agg(
            pl.col(FILE).first(), first=time.min(), twice=pl.len() > time.n_unique()
        )
        found = lives.collect(engine="streaming")
        twice = found.filter("twice").sort("vm")
        if twice.height and self.duplicates == "refuse":
            raise TraceError(
                f"VM {twice['vm'][0]} has two readings of one moment",
                where=twice[FILE][0],
                remedy="correct it, or have their mean taken with the option duplicates=mean",
            )
        return float(found["first"].min() or 0)  # type: ignore[arg-type]  # a number or None

    def _one(self, file: Path, name: str) -> pl.LazyFrame:
        text = headed(file, ";")
        columns = text.collect_schema().names()
        stamp = next((column for column in columns if column.startswith("Timestamp")), "Timestamp")
        for wanted in (stamp, CORES, CAPACITY, USAGE, MEMORY, MEMORY_USAGE):
            if wanted not in columns:
                raise TraceError(
                    f"column {wanted!r} is missing",
                    where=f"{file}: line 1",
                    remedy=f"it has {', '.join(map(repr, columns[:-1]))}",
                )
        cores, capacity, usage, memory, memory_usage = (
            number(pl.col(column), comma=self.comma)
            for column in (CORES, CAPACITY, USAGE, MEMORY, MEMORY_USAGE)
        )
        return text.select(
            vm=pl.lit(name),
            time=self.seconds(pl.col(stamp).str.strip_chars()),
            # A VM that is off has no capacity and uses none.
            cpu_usage=pl.when(capacity == 0)
            .then(usage)
            .when(capacity.is_infinite())
            .then(NO_NUMBER)
            .otherwise(usage / capacity * cores),
            cpu=cores,
            mem_usage=memory_usage / KIB_IN_MIB,
            mem=memory / KIB_IN_MIB,
            **{FILE: pl.col(FILE)},
        )


def _name(file: Path, root: Path) -> str:
    parts = file.relative_to(root).parts
    folders = [part for part in parts[:-1] if not _MONTH.fullmatch(part)]
    return "/".join([*folders, file.name.removesuffix(".gz").removesuffix(".csv")])
