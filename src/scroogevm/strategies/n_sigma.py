"""The n-sigma strategy."""

from dataclasses import dataclass

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Strategy
from scroogevm.registry import parameter


@dataclass(frozen=True)
class NSigma(Strategy):
    """Mean plus n standard deviations of the usage of the node in the kept windows.

    The usage of a node is the sum of many VMs, so its distribution is nearly normal. n = 5 is far
    in the tail of a steady node. The demand grows when usage varies more.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> window = Window(np.array([[1.0, 3.0]]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> NSigma(n=2).estimate(History((), window, kept=4)).demand.tolist()
    [4.0]
    """

    formula = "mean(x) + n*std(x)"
    source = "Bashir et al., Take it to the limit, EuroSys 2021; of the node, as in Jacquet 2024"

    n: float = parameter(5.0, "standard deviations above the mean", low=0)

    def estimate(self, history: History) -> Estimate:
        """``mean(x) + n*std(x)``."""
        return Estimate(history.mean + self.n * history.std)
