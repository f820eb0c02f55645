"""The common layout of the Bitbrains and Materna traces: one CSV file for each VM."""

import re
from abc import abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

import polars as pl

from scroogevm.errors import TraceError
from scroogevm.traces.checks import ABSURD_VM
from scroogevm.traces.dataset import FILE, NO_NUMBER, Dataset, one_of
from scroogevm.traces.datasets._text import (
    files_below,
    first_lines,
    first_unreadable,
    headed,
    number,
)

CORES, CAPACITY, USAGE = "CPU cores", "CPU capacity provisioned [MHZ]", "CPU usage [MHZ]"
MEMORY, MEMORY_USAGE = "Memory capacity provisioned [KB]", "Memory usage [KB]"
KIB_IN_MIB = 1024.0

_NUMBERED = re.compile(r"\d+\.csv(\.gz)?")
_STAMP = "Timestamp"
_MONTH = re.compile(r"\d{4}-\d{1,2}")


class Gwa(Dataset):
    """One CSV a VM, separated by semicolons, about every 300 s.

    Cores in use are usage over provisioned capacity, both in MHz, times the cores. Readings are
    moved to the nearest multiple of 300 s from the first of all; those that meet are averaged. A
    VM is called like its file, below the folders that are no months. Files that are neither
    numbered nor begin with the header are none of the layout.
    """

    comma: ClassVar[bool]
    duplicates: str

    def __post_init__(self) -> None:
        """Check the choices that are not numbers."""
        super().__post_init__()
        one_of("duplicates", self.duplicates, ("refuse", "mean"))

    @property
    def burst_limit(self) -> float:
        """Usage in MHz may be above what a VM was provisioned, for a while."""
        return ABSURD_VM

    @abstractmethod
    def is_ours(self, header: str, row: str) -> bool:
        """Whether a file of this layout begins with such lines, the first of which is a header."""

    @abstractmethod
    def seconds(self, time: pl.Expr) -> pl.Expr:
        """A timestamp in seconds, ``NO_NUMBER`` if it is not a number."""

    def recognises(self, path: Path) -> bool:
        """Whether the first file that has a header has one of this layout."""
        begins = (first_lines(file, 2) for file in files_below(path, "*.csv"))
        header, row = next((lines for lines in begins if _is_header(lines[0])), ("", ""))
        return bool(header) and self.is_ours(header, row)

    def strays(self, path: Path) -> Sequence[Path]:
        """CSV files that are not numbered and have another header."""
        return [file for file in files_below(path, "*.csv") if not _belongs(file, path)]

    def scan(self, path: Path) -> pl.LazyFrame:
        """All files, their readings on one grid."""
        files = _files(path)
        if not files:
            raise TraceError(
                "has no CSV file with readings",
                where=str(path),
                remedy="there must be one for each VM",
            )
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
        files = _files(path)
        return first_unreadable(((file, self._one(file, "")) for file in files), path)

    def _start(self, rows: pl.LazyFrame) -> float:
        """The first moment of all; on the way, two readings at the same time are found."""
        time = pl.col("time")
        time = pl.when(time.is_finite()).then(time)  # other times are refused by name later
        lives = rows.group_by("vm").agg(
            pl.col(FILE).first(),
            first=time.min(),
            twice=time.count() > time.drop_nulls().n_unique(),
        )
        found = lives.collect(engine="streaming")
        twice = found.filter("twice").sort("vm")
        if twice.height and self.duplicates == "refuse":
            raise TraceError(
                f"VM {twice['vm'][0]} has two readings at the same time",
                where=twice[FILE][0],
                remedy="correct it, or use the mean with the option duplicates=mean",
            )
        return float(found["first"].min() or 0)  # type: ignore[arg-type]  # a number or None

    def _one(self, file: Path, name: str) -> pl.LazyFrame:
        text = headed(file, ";")
        columns = text.collect_schema().names()
        if len(columns) == 1 + 1:  # the other one is FILE
            raise TraceError(
                f"the header {columns[0][:60]!r} has no semicolon",
                where=f"{file}: line 1",
                remedy="fields are separated by ';'",
            )
        stamp = next((column for column in columns if column.startswith(_STAMP)), _STAMP)
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


def is_unix_time(row: str) -> bool:
    """Whether the first field of a row is a number.

    >>> is_unix_time("1376314846;2"), is_unix_time('"04.11.2015 20:20:00";"4"')
    (True, False)
    """
    return re.fullmatch(r"\s*\d+(\.\d*)?\s*", re.split("[;,]", row)[0].strip('"')) is not None


def _is_header(line: str) -> bool:
    return line.lstrip('\ufeff"').startswith(_STAMP)


def _belongs(file: Path, path: Path) -> bool:
    """Whether a file is one of a VM: named by number, asked for by name, or by its header."""
    return (
        file == path
        or _NUMBERED.fullmatch(file.name) is not None
        or _is_header(first_lines(file)[0])
    )


def _files(path: Path) -> Sequence[Path]:
    return [file for file in files_below(path, "*.csv") if _belongs(file, path)]


def _name(file: Path, root: Path) -> str:
    parts = file.relative_to(root).parts
    folders = [part for part in parts[:-1] if not _MONTH.fullmatch(part)]
    return "/".join([*folders, file.name.removesuffix(".gz").removesuffix(".csv")])
