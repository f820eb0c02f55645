"""The Gaussian mixture test."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.core.statistics import count, divide, mean
from scroogevm.ports import QuiescenceTest
from scroogevm.quiescence._kept import kept_windows
from scroogevm.quiescence._mixture import Mixture
from scroogevm.registry import parameter

_AT_ONCE = 16
"""Nodes fitted at once; their data stay in the cache of a processor."""


@dataclass(frozen=True)
class Gmm(QuiescenceTest):
    """Usage follows the time in the window as closely in the new window as in the kept ones.

    A mixture of normal distributions over time and usage is fitted to all kept windows together, by
    expectation-maximisation. At first, the components divide the time evenly. The prediction is the
    mean usage of the mixture at a time. It is closer to the samples that it was fitted to than to
    others, so the error of the kept samples is multiplied by ``sqrt((n + f) / (n - f))`` for n
    samples and f = 2 numbers a component (Akaike's final prediction error). A node with at most f
    kept samples, or without new ones, is not quiescent.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> def window(*usage):
    ...     return Window(np.array([usage]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> line = Gmm(components=1)
    >>> kept = window(1.0, 2.0, 3.0, 4.0), window(1.1, 2.1, 3.1, 4.1)
    >>> line.judge(History(kept, window(1.1, 2.0, 3.0, 4.1), kept=2)).quiescent.tolist()
    [True]
    >>> line.judge(History(kept, window(4.1, 3.0, 2.0, 1.1), kept=2)).quiescent.tolist()
    [False]
    """

    formula = (
        "abs(sqrt((n + f)/(n - f))*MAE(kept) - MAE(new)) < tolerance*capacity of a mixture fitted "
        "to kept"
    )
    source = (
        "left unfinished by Jacquet, Ledoux, Rouvoy, IEEE TSUSC 9(5), 2024; "
        "docs/explanation/quiescence.md says how its tolerance was chosen"
    )

    components: int = parameter(4, "normal distributions in the mixture", low=1, high=64)
    rounds: int = parameter(10, "rounds of expectation and maximisation", low=0)
    tolerance: float = parameter(0.0075, "largest gap as a share of the capacity", low=0)

    def judge(self, history: History) -> Verdict:
        """Fit to the kept windows, then compare the errors on them and on the new one."""
        kept, new = history.earlier_usage, history.new.usage
        times = np.concatenate([_times(one) for one in kept_windows(history)]), _times(new)
        before, after = np.empty((2, history.nodes))
        for first in range(0, history.nodes, _AT_ONCE):
            some = slice(first, first + _AT_ONCE)
            usage = kept[some], new[some]
            before[some], after[some] = self._errors(times, usage, history.capacity[some])
        limit = self.tolerance * history.capacity
        return Verdict.of({"mae": (after - before, limit)}, mae_kept=before, mae_new=after)

    def _errors(
        self, times: tuple[Floats, Floats], usage: tuple[Floats, Floats], capacity: Floats
    ) -> tuple[Floats, Floats]:
        """Mean absolute errors on the kept samples and on the new ones, (nodes,) each."""
        # Values are shares of capacity around their mean, so squares lose no digits in any unit.
        centre = mean(usage[0])[:, np.newaxis]
        scale = np.where(capacity > 0, capacity, np.nan)[:, np.newaxis]
        kept, new = ((each - centre) / scale for each in usage)
        mixture = Mixture.fit(times[0], kept, self.components, self.rounds)
        samples, free = count(kept).astype(np.float64), 2 * self.components
        known = np.sqrt(divide(samples + free, samples - free))
        before = mean(abs(kept - mixture.usage_at(times[0]))) * known
        after = mean(abs(new - mixture.usage_at(times[1])))
        return before * scale[:, 0], after * scale[:, 0]


def _times(window: Floats) -> Floats:
    """The times of samples in a window, from 0 to 1."""
    samples = window.shape[1]
    return np.asarray((np.arange(samples) + 0.5) / samples, np.float64)
