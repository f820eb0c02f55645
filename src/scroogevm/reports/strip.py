"""Rows of numbers, one a window; only the last ones are held in memory."""

import os
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkstemp

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.reports.table import PARTS

ROWS = 256
"""Rows of a block."""


class Strip:
    """A table of numbers that is written once, row after row, and read block after block.

    It can be pickled, and read by another process of the same disk.

    Args:
        directory: where the file goes, once there are more rows than a block has.
        width: numbers in a row.
    """

    def __init__(self, directory: Path, width: int) -> None:
        self._place = directory / PARTS
        self._file: Path | None = None
        self._tail = np.empty((0, width))
        self._free = 0
        self.width = width
        self.rows = 0

    def append(self, row: Floats) -> None:
        """Add a row, (width,).

        Raises:
            OSError: the file cannot be written.
        """
        if self._free == len(self._tail):
            if len(self._tail) == ROWS:
                self._spill()
            else:
                more = np.empty((min(ROWS, max(16, 2 * len(self._tail))), self.width))
                more[: self._free] = self._tail
                self._tail = more
        self._tail[self._free] = row
        self._free += 1
        self.rows += 1

    def blocks(self) -> Iterator[Floats]:
        """All rows, (rows, width) at a time, ``ROWS`` in each but the last."""
        if self._file is not None:
            size = ROWS * self.width
            with self._file.open("rb") as source:
                while (block := np.fromfile(source, np.float64, size)).size:
                    yield block.reshape(ROWS, self.width)
        if self._free:
            yield self._tail[: self._free]

    def drop(self) -> None:
        """Remove the file, which is no longer needed."""
        if self._file is not None:
            self._file.unlink()
            self._file = None

    def _spill(self) -> None:
        if self._file is None:
            self._place.mkdir(exist_ok=True)
            # A chunk that is judged anew writes beside what a lost worker left.
            handle, path = mkstemp(".strip", "", self._place)
            os.close(handle)
            self._file = Path(path)
        with self._file.open("ab") as target:
            target.write(self._tail.tobytes())
        self._free = 0


def added(one: Strip, other: Strip, directory: Path, larger: int) -> Strip:
    """The sum of two strips row by row; where one has ended, the other goes on. Both are dropped.

    Args:
        one: a strip.
        other: of the same width.
        directory: where the file of the sum goes.
        larger: this first column is not added up, but that of the longer strip, the first of two
            alike.
    """
    total = Strip(directory, one.width)
    longer = other if other.rows > one.rows else one
    every = [_rows(one), _rows(other)]
    for _ in range(longer.rows):
        rows = [next(each, None) for each in every]
        known = [row for row in rows if row is not None]
        row = known[0] if len(known) == 1 else known[0] + known[1]
        if len(known) > 1:
            row[:larger] = (rows[1] if longer is other else rows[0])[:larger]  # type: ignore[index]  # both are known
        total.append(row)
    one.drop()
    other.drop()
    return total


def _rows(strip: Strip) -> Iterator[Floats]:
    for block in strip.blocks():
        yield from block
