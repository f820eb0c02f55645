"""The t-test."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.core.statistics import count, mean, std
from scroogevm.errors import MissingExtraError
from scroogevm.ports import QuiescenceTest
from scroogevm.registry import parameter


@dataclass(frozen=True)
class TTest(QuiescenceTest):
    """Student's test finds no difference between the new mean and the kept one.

    The test assumes independent samples, but samples of a node resemble the ones before them. So it
    finds a difference nearly always.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> def window(*usage):
    ...     return Window(np.array([usage]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> history = History((window(2.0, 4.0, 3.0),), window(2.5, 4.0), kept=4)
    >>> TTest().judge(history).quiescent.tolist()
    [True]
    """

    formula = "p >= alpha of Student's t-test on (mean, std, n) of the kept and the new window"
    source = "Jacquet, Ledoux, Rouvoy, IEEE TSUSC 9(5), 2024 (0.05 in its comparison)"

    alpha: float = parameter(0.1, "significance below which the means differ", low=0, high=1)

    def judge(self, history: History) -> Verdict:
        """Compare the gap with the smallest significant gap; the variances (ddof 0) are pooled."""
        try:
            from scipy.special import stdtr, stdtrit  # noqa: PLC0415  # imported by those who choose this test
        except ImportError:
            raise MissingExtraError("scipy", "quiescence", "the t-test") from None
        kept, new = history.earlier_usage, history.new.usage
        m, n = count(kept).astype(np.float64), count(new).astype(np.float64)
        free = np.maximum(m + n - 2, 1)
        spread = np.maximum(m - 1, 0) * std(kept) ** 2 + np.maximum(n - 1, 0) * std(new) ** 2
        pooled = spread / free
        gap = mean(new) - mean(kept)
        with np.errstate(divide="ignore", invalid="ignore"):  # no spread, or no samples
            error = np.sqrt(pooled * (1 / m + 1 / n))
            p = np.asarray(2 * stdtr(free, -abs(gap) / error))
            limit = np.asarray(stdtrit(free, 1 - self.alpha / 2) * error)
        return Verdict.of({"mean": (gap, limit)}, p=p)
