"""The percentile strategy."""

from dataclasses import dataclass

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Strategy
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Percentile(Strategy):
    """A percentile of the usage of the node in the kept windows.

    It is simple and robust, and assumes that rare usage stays rare. A low percentile offers much
    and is often wrong. It never sees a trend.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> window = Window(np.array([[1.0, 2.0, 3.0]]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> Percentile(p=50).estimate(History((), window, kept=4)).demand.tolist()
    [2.0]
    """

    formula = "percentile(x, p)"
    source = "Jacquet, Ledoux, Rouvoy, IEEE TSUSC 9(5), 2024"

    p: float = parameter(90.0, "percentile of the joined samples, %", low=0, high=100)

    def estimate(self, history: History) -> Estimate:
        """Percentile ``p`` of x."""
        return Estimate(history.ranked.percentile(self.p))
