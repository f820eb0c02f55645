"""The mean-band test."""

from dataclasses import dataclass

from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.core.statistics import mean, std
from scroogevm.ports import QuiescenceTest
from scroogevm.registry import parameter


@dataclass(frozen=True)
class MeanBand(QuiescenceTest):
    """The new mean lies within a band of deviations around the kept mean.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> def window(*usage):
    ...     return Window(np.array([usage]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> history = History((window(2.0, 4.0),), window(3.5, 3.7), kept=4)
    >>> MeanBand().judge(history).quiescent.tolist()
    [True]
    """

    formula = "mean(kept) - a*std(kept) < mean(new) < mean(kept) + a*std(kept)"
    source = "Jacquet, Ledoux, Rouvoy, IEEE TSUSC 9(5), 2024"

    a: float = parameter(1.0, "half width of the band in standard deviations", low=0)

    def judge(self, history: History) -> Verdict:
        """Compare the gap of the means with the half width."""
        kept = history.earlier_usage
        gap = mean(history.new.usage) - mean(kept)
        limit = self.a * std(kept)
        return Verdict.of({"mean": (gap, limit)})
