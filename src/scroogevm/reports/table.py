"""A table that grows chunk by chunk in limited memory, and is written in several formats."""

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkstemp
from typing import Literal, get_args

import polars as pl

from scroogevm.files import system_number

Format = Literal["parquet", "csv", "json"]
FORMATS: Sequence[Format] = get_args(Format)
ROWS_IN_MEMORY = 5_000
ROWS_OF_A_PART = 20_000
PARTS = ".parts"
"""A folder of what chunks have written and tables have not taken up yet."""


class Parts:
    """Rows that a chunk adds to a table, written to Parquet files in the process that judges it.

    Args:
        directory: where they go, in a folder of their own.
        name: of the table.
    """

    def __init__(self, directory: Path, name: str) -> None:
        self._place = directory / PARTS
        self._name = name
        self._waiting: list[pl.DataFrame] = []
        self._written: list[Path] = []

    def append(self, frame: pl.DataFrame) -> None:
        """Add rows; every frame has the same columns.

        Raises:
            OSError: they cannot be written.
        """
        self._waiting.append(frame.with_columns(pl.col(pl.Float64).fill_nan(None)))
        if sum(waiting.height for waiting in self._waiting) > ROWS_OF_A_PART:
            self._write()

    def close(self) -> Sequence[Path]:
        """The files, in the order of their rows.

        Raises:
            OSError: they cannot be written.
        """
        if self._waiting:
            self._write()
        return self._written

    def _write(self) -> None:
        self._place.mkdir(exist_ok=True)
        # A chunk that is judged anew, after a worker was lost, writes beside what that one left.
        handle, path = mkstemp(".parquet", f"{self._name}-", self._place)
        os.close(handle)
        with _writing(Path(path)) as part:
            pl.concat(self._waiting).write_parquet(part)
        self._written.append(Path(path))
        self._waiting = []


class ResultTable:
    """Rows on their way to ``NAME.parquet``, ``NAME.csv`` and ``NAME.json``.

    What does not fit in memory waits in part files and is joined, streaming, at the end. JSON is
    one object a line (NDJSON) in ``NAME.ndjson`` when ``lines`` is set, else one list of objects
    in ``NAME.json``. NaN is written as missing: null, or an empty field of the CSV.

    Args:
        directory: where the files go.
        name: their name without ending.
        formats: which of them are wanted.
        lines: whether JSON is written line by line.
        rows: how many rows may wait in memory.
    """

    def __init__(
        self,
        directory: Path,
        name: str,
        formats: Sequence[Format],
        *,
        lines: bool = False,
        rows: int = ROWS_IN_MEMORY,
    ) -> None:
        self._stem = directory / name
        self._formats = formats
        self._lines = lines
        self._limit = rows
        self._waiting: list[pl.DataFrame] = []
        self._parts: list[Path] = []

    def append(self, frame: pl.DataFrame) -> None:
        """Add rows; every frame has the same columns.

        Raises:
            OSError: they cannot be written.
        """
        self._waiting.append(frame.with_columns(pl.col(pl.Float64).fill_nan(None)))
        if sum(waiting.height for waiting in self._waiting) > self._limit:
            self._spill()

    def adopt(self, parts: Sequence[Path]) -> None:
        """Add the rows of Parquet files that another process wrote; they are gone in the end."""
        if parts and self._waiting:
            self._spill()
        self._parts += parts

    def close(self) -> None:
        """Write the files; without any row there is nothing to write.

        Raises:
            OSError: they cannot be written.
        """
        if self._parts and self._waiting:
            self._spill()
        if self._parts:
            rows = pl.scan_parquet(self._parts, glob=False)
        elif self._waiting:
            rows = pl.concat(self._waiting).lazy()
        else:
            return
        for kind in self._formats:
            self._write(rows, kind)
        for part in self._parts:
            part.unlink()
        self._waiting, self._parts = [], []

    def _write(self, rows: pl.LazyFrame, kind: Format) -> None:
        lines = kind == "json" and self._lines
        with _writing(self._file("ndjson" if lines else kind)) as path:
            if kind == "parquet":
                rows.sink_parquet(path, row_group_size=ROWS_OF_A_PART)
            elif kind == "csv":
                rows.sink_csv(path)
            elif lines:
                rows.sink_ndjson(path)
            else:
                _write_list(rows, path)

    def _spill(self) -> None:
        with _writing(self._file(f"{len(self._parts):05d}.part")) as part:
            pl.concat(self._waiting).write_parquet(part)
        self._parts.append(part)
        self._waiting = []

    def _file(self, ending: str) -> Path:
        return self._stem.with_name(f"{self._stem.name}.{ending}")


def _write_list(rows: pl.LazyFrame, path: Path) -> None:
    """One list of objects, as one writes them line by line and joins the lines."""
    lines = path.with_name(f"{path.name}.part")
    rows.sink_ndjson(lines)
    begin = "["
    with lines.open(encoding="utf-8") as source, path.open("w", encoding="utf-8") as target:
        for line in source:
            target.write(begin + line.rstrip("\n"))
            begin = ",\n"
        target.write("]" if begin != "[" else "[]")
    lines.unlink()


@contextmanager
def _writing(path: Path) -> Iterator[Path]:
    """Polars wraps what the system says of a full disk, or loses it: say it of the file."""
    try:
        yield path
    except pl.exceptions.PolarsError as error:
        number = system_number(error) or errno.EIO
        raise OSError(number, os.strerror(number), str(path)) from None
