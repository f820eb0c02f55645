"""PlanetLab: cpu of slices on a worldwide testbed, on ten days of 2011."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from scroogevm.core.arrays import Ints
from scroogevm.errors import TraceError
from scroogevm.registry import parameter
from scroogevm.traces.dataset import FILE, Dataset
from scroogevm.traces.datasets._text import first_lines

READINGS = 288
"""Readings in a file: a day of 300 s each."""

_DAY = re.compile(r"\d{8}")


@dataclass(frozen=True)
class Planetlab(Dataset):
    """A folder a day, a file a VM, 288 whole percentages of the VM, one a line.

    The days are no consecutive ones: each VM-day is a VM of its own, and all of them begin at 0.
    """

    formula = "directories named YYYYMMDD, in each a file a VM with 288 whole percentages"
    source = "planetlab-workload-traces, after the CoMon project"
    licence = "none stated"

    cores: float = parameter(1.0, "cores of each VM: sizes are not published", low=0.001)

    def recognises(self, path: Path) -> bool:
        """Whether it is a day of PlanetLab, or a directory of days."""
        return bool(_days(path))

    def strays(self, path: Path) -> Sequence[Path]:
        """Files that do not begin with a number."""
        return [file for day in _days(path) for file in sorted(_shown(day)) if not _belongs(file)]

    def scan(self, path: Path) -> pl.LazyFrame:
        """All VM-days. Small enough to be read at once: the whole set is 40 MB."""
        names, shares, files = [], [], []
        for day in _days(path):
            for file in sorted(file for file in _shown(day) if _belongs(file)):
                names.append(f"{day.name}/{file.name}")
                shares.append(_read(file))
                files.append(str(file))
        if not names:
            raise TraceError("has no file of a VM", where=str(path), remedy=self.formula)
        usage = np.concatenate(shares) / 100 * self.cores
        return pl.LazyFrame(
            {
                "vm": pl.Series(names).gather(np.repeat(np.arange(len(names)), READINGS)),
                "time": np.tile(np.arange(READINGS) * 300, len(names)),
                "cpu_usage": usage,
                FILE: pl.Series(files).gather(np.repeat(np.arange(len(names)), READINGS)),
            }
        ).with_columns(
            cpu=pl.lit(self.cores),
            mem_usage=pl.lit(None, pl.Float64),
            mem=pl.lit(None, pl.Float64),
        )


def _shown(day: Path) -> Sequence[Path]:
    return [item for item in day.iterdir() if item.is_file() and not item.name.startswith(".")]


def _belongs(file: Path) -> bool:
    """Whether a file begins with a number, as those of VMs do; notes and thumbnails do not."""
    begin = first_lines(file)[0].strip()
    return begin.isascii() and begin.isdigit()


def _days(path: Path) -> Sequence[Path]:
    if not path.is_dir():
        return []
    if _DAY.fullmatch(path.resolve().name):
        return [path]
    return sorted(item for item in path.iterdir() if item.is_dir() and _DAY.fullmatch(item.name))


def _read(file: Path) -> Ints:
    """The percentages of a file.

    Raises:
        TraceError: a line is not a whole number from 0 to 100, or there are not 288 lines.
    """
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").split()
    except OSError as error:
        raise TraceError(f"cannot be read: {error.strerror}", where=str(file)) from None
    for number, line in enumerate(lines, 1):
        if not (line.isascii() and line.isdigit() and int(line) <= 100):
            raise TraceError(
                f"{line[:40]!r} is not a percentage",
                where=f"{file}: line {number}",
                remedy="a whole number from 0 to 100",
            )
    if len(lines) != READINGS:
        raise TraceError(
            f"has {len(lines)} readings", where=str(file), remedy=f"{READINGS}, one a line"
        )
    return np.array(lines, dtype=np.int64)
