"""The shift test."""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.core.statistics import Ranked, count, divide, mean, percentile, std
from scroogevm.ports import QuiescenceTest
from scroogevm.quiescence._kept import kept_windows
from scroogevm.registry import parameter

_TAIL = 5.0
"""Per cent of the samples at each end that no figure uses, so that outliers have no effect."""
_DEVIATIONS_TO_TAIL = 1.645
"""Standard deviations from the middle of a normal distribution to its tail."""


@dataclass(frozen=True)
class Shift(QuiescenceTest):
    """Level, spread and trend of the new window differ from the kept ones by less than a limit.

    - Level is the mean of a window, with samples limited to the 5th and the 95th percentile.
    - Spread is the distance from the level up to the 95th percentile.
    - Trend is the level of the second half of a window less that of the first.

    A gap is positive if the new window has more. Its limit is a small share of capacity, or a part
    of the deviation in the kept windows if that is more. For the level, the usual difference
    between one kept window and the next also counts. No figure depends on the number of samples or
    on an outlier. Deviations are robust: std is computed from the distance of the 5th and the 95th
    percentile in the median window, as for a normal distribution.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> def window(*usage):
    ...     return Window(np.array([usage]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> kept = window(2.0, 2.2, 2.0, 2.2), window(2.1, 2.3, 2.1, 2.3)
    >>> verdict = Shift().judge(History(kept, window(4.0, 4.2, 4.0, 4.2), kept=2))
    >>> verdict.quiescent.tolist()
    [False]
    >>> {name: abs(array.round(2)).tolist() for name, array in verdict.evidence.items()}
    {'level': [1.95], 'level_limit': [0.11], 'spread': [0.0], 'spread_limit': [0.1],
     'trend': [0.0], 'trend_limit': [0.2]}
    """

    formula = (
        "|level gap| < max(m, between*std(kept levels)), |spread gap| < m, |trend gap| < ramp*m, "
        "where m = max(share*capacity, within*std(kept))"
    )
    source = "our own; docs/explanation/quiescence.md says how its limits were chosen"

    share: float = parameter(0.0125, "share of capacity that matters", low=0, high=1)
    within: float = parameter(0.7, "deviations within kept windows that matter", low=0)
    between: float = parameter(1.5, "deviations between kept windows that matter", low=0)
    ramp: float = parameter(2.0, "limit of the trend, as a multiple of what matters", low=0)

    def judge(self, history: History) -> Verdict:
        """Compare the gap of each figure with its limit."""
        new = _Figures.of(history.new.usage)
        kept = [_Figures.of(usage) for usage in kept_windows(history)]
        levels = _table(one.level for one in kept)
        width = _middle(one.width for one in kept)
        matters = np.maximum(
            self.share * history.capacity, self.within / _DEVIATIONS_TO_TAIL * width
        )
        level = new.level - mean(levels)
        level_limit = np.maximum(matters, self.between * _sample_std(levels))
        spread = new.spread - _middle(one.spread for one in kept)
        trend = new.trend - _middle(one.trend for one in kept)
        gaps = {
            "level": (level, level_limit),
            "spread": (spread, matters),
            "trend": (trend, self.ramp * matters),
        }
        return Verdict.of(gaps)


@dataclass(frozen=True)
class _Figures:
    """The figures of a window, (nodes,) each.

    Attributes:
        level: mean of the samples; those in a tail count at its begin.
        spread: from the level up to the upper tail.
        width: half the distance between the tails.
        trend: level of the second half less that of the first.
    """

    level: Floats
    spread: Floats
    width: Floats
    trend: Floats

    @classmethod
    def of(cls, usage: Floats) -> "_Figures":
        """Of samples (nodes, samples); NaN for a node without any."""
        ranked = Ranked.of(usage)
        low, high = ranked.percentile(_TAIL), ranked.percentile(100 - _TAIL)
        held = np.clip(usage, low[:, np.newaxis], high[:, np.newaxis])
        level, half = mean(held), usage.shape[1] // 2
        trend = mean(held[:, usage.shape[1] - half :]) - mean(held[:, :half])
        return cls(level, high - level, (high - low) / 2, trend)


def _table(figures: Iterable[Floats]) -> Floats:
    """One figure of every kept window, (nodes, windows)."""
    return np.stack(list(figures), axis=1)


def _middle(figures: Iterable[Floats]) -> Floats:
    """The median over the kept windows, (nodes,)."""
    return percentile(_table(figures), 50)


def _sample_std(levels: Floats) -> Floats:
    """Standard deviation with ddof 1; 0 if fewer than two windows are known."""
    number = count(levels).astype(np.float64)
    return np.where(number > 1, std(levels) * np.sqrt(divide(number, number - 1)), 0.0)
