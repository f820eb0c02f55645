"""The percentile-band test."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.core.statistics import percentile
from scroogevm.ports import QuiescenceTest
from scroogevm.registry import parameter


@dataclass(frozen=True)
class PercentileBand(QuiescenceTest):
    """The new high percentile differs from the kept one by less than a share of it.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> def window(*usage):
    ...     return Window(np.array([usage]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> history = History((window(2.0, 4.0),), window(4.5, 4.7), kept=4)
    >>> PercentileBand().judge(history).quiescent.tolist()
    [False]
    """

    formula = "low*percentile(kept, p) < percentile(new, p) < high*percentile(kept, p)"
    source = "Jacquet, Ledoux, Rouvoy, IEEE TSUSC 9(5), 2024 (0.8 and 1.2 in its comparison)"

    p: float = parameter(90.0, "percentile, %", low=0, high=100)
    low: float = parameter(0.9, "lower edge as a share of the kept percentile", low=0, high=1)
    high: float = parameter(1.1, "upper edge as a share of the kept percentile", low=1)

    def judge(self, history: History) -> Verdict:
        """Compare the gap with the distance to the edge on its side."""
        kept = percentile(history.earlier_usage, self.p)
        new = percentile(history.new.usage, self.p)
        gap = new - kept
        limit = np.where(gap < 0, kept - self.low * kept, self.high * kept - kept)
        return Verdict.of({"percentile": (gap, limit)}, percentile_kept=kept, percentile_new=new)
