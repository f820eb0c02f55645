"""The static ratio of Borg."""

from dataclasses import dataclass

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Strategy
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Borg(Strategy):
    """A constant share of the allocation, independent of usage.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> window = Window(np.array([[1.0]]), np.array([8.0]), np.array([11.0]), VMs.none())
    >>> Borg().estimate(History((), window, kept=4)).demand.round(6).tolist()
    [10.0]
    """

    formula = "allocated / ratio"
    source = "Borg's default as reported by Bashir et al., EuroSys 2021"

    ratio: float = parameter(1.1, "allocated units for each unit of demand", low=0.01)

    def estimate(self, history: History) -> Estimate:
        """``allocated / ratio``."""
        return Estimate(history.allocated / self.ratio)
