"""Builds rows from pieces that arrive in any order."""

from collections.abc import Sequence

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.samples import Rows
from scroogevm.telemetry.pieces import OwnerRows, together

Owner = tuple[str, ...]


class Pieces:
    """Rows of several owners, piece by piece.

    Args:
        quantities: of the columns, in their order.
    """

    def __init__(self, quantities: Sequence[str]) -> None:
        self.quantities = tuple(quantities)
        self._pieces: dict[Owner, list[tuple[Floats, Floats]]] = {}

    def add(self, owner: Owner, time: Floats, values: Floats) -> None:
        """Add rows of an owner.

        Args:
            owner: ``(node,)`` or ``(node, vm)``.
            time: (rows,), in any order.
            values: (rows, quantities), NaN where missing.
        """
        if time.size:
            self._pieces.setdefault(owner, []).append((time, values))

    def rows(self) -> Rows:
        """All rows; of several values for the same owner and time, the last one counts."""
        joined = {owner: _joined(pieces) for owner, pieces in self._pieces.items()}
        named = {
            owner: OwnerRows(time, dict(zip(self.quantities, values.T, strict=True)))
            for owner, (time, values) in joined.items()
        }
        return together(named, self.quantities)


def _joined(pieces: Sequence[tuple[Floats, Floats]]) -> tuple[Floats, Floats]:
    time = np.concatenate([time for time, _ in pieces])
    values = np.concatenate([values for _, values in pieces])
    if (np.diff(time) > 0).all():
        return time, values
    order = np.argsort(time, kind="stable")
    time, values = time[order], values[order]
    times, place = np.unique(time, return_inverse=True)
    merged = np.full((times.size, values.shape[1]), np.nan)
    for column, target in zip(values.T, merged.T, strict=True):
        there = ~np.isnan(column)
        target[place[there]] = column[there]  # of several, the last stays
    return times, merged
