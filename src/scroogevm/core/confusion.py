"""Confusion tables of verdicts, and the measures computed from them."""

import math
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools


@dataclass(frozen=True)
class Confusion:
    """Counts of verdicts by label; stable is the positive class.

    Attributes:
        tp: stable, and the verdict is stable.
        fp: not stable, but the verdict is stable. This costs most: it lowers a necessary margin.
        tn: not stable, and the verdict is not stable.
        fn: stable, but the verdict is not stable: an unnecessary margin stays.

    >>> Confusion.of(np.array([True, True, False]), np.array([True, False, False]))
    Confusion(tp=1, fp=1, tn=1, fn=0)
    """

    tp: int
    fp: int
    tn: int
    fn: int

    @classmethod
    def of(cls, said: Bools, label: Bools) -> "Confusion":
        """Count verdicts ``said`` (cases,) against ``label`` (cases,)."""
        return cls(
            tp=int(np.sum(said & label)),
            fp=int(np.sum(said & ~label)),
            tn=int(np.sum(~said & ~label)),
            fn=int(np.sum(~said & label)),
        )

    @property
    def accuracy(self) -> float:
        """``(tp + tn) / all``; NaN without cases.

        >>> Confusion(tp=26, fp=2, tn=27, fn=5).accuracy.__round__(3)
        0.883
        """
        return _ratio(self.tp + self.tn, self.tp + self.fp + self.tn + self.fn)

    @property
    def f1(self) -> float:
        """``2*tp / (2*tp + fp + fn)``; NaN if no case is stable and no verdict is.

        >>> Confusion(tp=26, fp=2, tn=27, fn=5).f1.__round__(3)
        0.881
        """
        return _ratio(2 * self.tp, 2 * self.tp + self.fp + self.fn)

    @property
    def matthews(self) -> float:
        """``(tp*tn - fp*fn) / sqrt((tp+fp)*(tp+fn)*(tn+fp)*(tn+fn))``, from -1 to 1.

        0 for a test whose verdict is always the same; NaN if all labels are the same.

        >>> Confusion(tp=26, fp=2, tn=27, fn=5).matthews.__round__(3)
        0.771
        >>> Confusion(tp=31, fp=29, tn=0, fn=0).matthews
        0.0
        """
        labels = (self.tp + self.fn) * (self.tn + self.fp)
        said = (self.tp + self.fp) * (self.tn + self.fn)
        if labels and not said:
            return 0.0
        return _ratio(self.tp * self.tn - self.fp * self.fn, math.sqrt(labels * said))


def _ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan
