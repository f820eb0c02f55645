"""The rows that trees are fitted on, with the window of the last fit."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np

from scroogevm.core.arrays import Ints
from scroogevm.core.history import Pool
from scroogevm.strategies._learning.features import FEATURES
from scroogevm.strategies._learning.sample import chosen

WIDTH = len(FEATURES) + 1
"""Numbers of a row: the features, then the result."""
FEWEST = 300
"""Smallest number of rows for a fit."""
_PREFIX = "learned/"


@dataclass(frozen=True, eq=False)
class Reservoir:
    """Rows of the last windows, as arrays that the engine keeps.

    Rows are dropped only when trees are fitted. So the rows of the current trees are always there,
    and the same trees are fitted again after a restart.

    Attributes:
        rows: (rows, ``WIDTH``), whole numbers as in ``sample``.
        window: (rows,), number of windows before each row was added.
        passed: (1,), windows so far.
        fitted: (1,), number of windows before the last fit; 0 for never.
    """

    rows: Ints
    window: Ints
    passed: Ints
    fitted: Ints

    @classmethod
    def of(cls, pool: Pool) -> "Reservoir":
        """Read a pool."""
        if not pool:
            none = np.zeros(1, np.int64)
            return cls(np.empty((0, WIDTH), np.int64), np.empty(0, np.int64), none, none)
        return cls(**{item.name: pool[_PREFIX + item.name] for item in fields(cls)})

    def then(self, tables: Ints, refit: int, most: int, lasts: int) -> "Reservoir":
        """The reservoir after one more window.

        Args:
            tables: the sum of the tables of all chunks.
            refit: windows after which trees are fitted again.
            most: rows to keep.
            lasts: windows after which a row is too old.
        """
        passed = self.passed + 1
        new = chosen(tables)
        rows = np.concatenate([self.rows, new])
        window = np.concatenate([self.window, np.full(new.shape[0], passed[0])])
        waited = passed[0] - self.fitted[0] >= refit or not self.fitted[0]
        if not waited or rows.shape[0] < FEWEST:
            return Reservoir(rows, window, passed, self.fitted)
        young = window > passed[0] - lasts
        rows, window = rows[young][-most:], window[young][-most:]
        return Reservoir(rows, window, passed, passed)

    @property
    def training(self) -> Ints:
        """The rows that trees are fitted on; none before the first fit."""
        return np.asarray(self.rows[self.window <= self.fitted[0]])

    def pool(self) -> Mapping[str, Ints]:
        """The arrays that the engine keeps."""
        return {_PREFIX + item.name: getattr(self, item.name) for item in fields(self)}

    @staticmethod
    def without(pool: Pool) -> Pool:
        """The arrays of a pool that belong to other parts."""
        return {name: array for name, array in pool.items() if not name.startswith(_PREFIX)}
