"""The oracle strategy: it knows the next window, as an upper bound."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Role, Strategy
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Oracle(Strategy):
    """The peak of the next window, read from the trace: the demand of a perfect strategy.

    Only a replay knows it. The last windows have no next one in the trace, so their demand is the
    allocation.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> def window(peak):
    ...     return Window(np.array([[1.0, peak]]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> Oracle().estimate(History((), window(2.0), 4, future=[window(3.0)])).demand.tolist()
    [3.0]
    """

    formula = "percentile(next window of this slice, p)"
    source = "the definition of regret"
    role: ClassVar[Role] = "bound"
    looks_ahead: ClassVar[bool] = True

    p: float = parameter(100.0, "percentile of the next window, %", low=0, high=100)

    def foresight(self, samples: int, slices: int) -> int:
        """The next window of this slice."""
        del samples
        return slices

    def estimate(self, history: History) -> Estimate:
        """Percentile ``p`` of the next window of this slice."""
        if len(history.future) < history.slices:
            return Estimate(history.allocated)
        peak = history.future[history.slices - 1].ranked.percentile(self.p)
        return Estimate(np.where(np.isnan(peak), history.allocated, peak))
