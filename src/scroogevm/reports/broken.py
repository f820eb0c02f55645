"""Axes that fit what lies close together: what is far above is pressed together at the top."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats

_KEPT, _WORTH = 0.78, 0.64
"""Share of the axis below a break; an axis breaks where less than so much of it would be there."""


@dataclass(frozen=True)
class BrokenAxis:
    """From 0 to ``top``, pressed together above ``knee``.

    Attributes:
        knee: where the axis breaks; ``top`` where it does not.
        top: where it ends.
    """

    knee: float
    top: float

    @classmethod
    def fitting(cls, knee: float, top: float) -> "BrokenAxis":
        """The axis that breaks where that is worth it.

        >>> BrokenAxis.fitting(20.0, 100.0), BrokenAxis.fitting(80.0, 100.0)
        (BrokenAxis(knee=20.0, top=100.0), BrokenAxis(knee=100.0, top=100.0))
        """
        return cls(knee if 0 < knee < _WORTH * top else top, top)

    @property
    def breaks(self) -> bool:
        """Whether part of the axis is pressed together."""
        return self.knee < self.top

    def forward(self, values: Floats) -> Floats:
        """Position on the axis, from 0 to 1."""
        if not self.breaks:
            return values / self.top
        above = _KEPT + (1 - _KEPT) * (values - self.knee) / (self.top - self.knee)
        return np.where(values <= self.knee, _KEPT * values / self.knee, above)

    def inverse(self, shares: Floats) -> Floats:
        """What lies at a position."""
        if not self.breaks:
            return shares * self.top
        above = self.knee + (shares - _KEPT) / (1 - _KEPT) * (self.top - self.knee)
        return np.where(shares <= _KEPT, shares / _KEPT * self.knee, above)


def usage_axis(facts: Mapping[str, Floats], demands: Iterable[Floats]) -> BrokenAxis:
    """The axis that fits usage and demand.

    Args:
        facts: ``peak``, ``allocated`` and ``capacity``, (points,).
        demands: of each strategy, likewise.
    """
    peak, allocated = facts["peak"], facts["allocated"]
    said = list(demands)
    close = [np.where(frees_little(row, peak, allocated), np.nan, row) for row in said]
    knee = 1.06 * max(map(_largest, [peak, *close]))
    top = max(map(_largest, [peak, allocated, *said]))
    capacity = _largest(facts["capacity"])
    return BrokenAxis.fitting(
        knee, 1.06 * (top if capacity > 1.3 * top > 0 else max(top, capacity)) or 1.0
    )


def frees_little(demand: Floats, peak: Floats, allocated: Floats) -> Bools:
    """Where a demand is nearer to what was allocated than to the peak of usage."""
    return (allocated > 1.5 * peak) & (demand > (peak + allocated) / 2)


def _largest(row: Floats) -> float:
    return float(np.nanmax(row, initial=0.0))
