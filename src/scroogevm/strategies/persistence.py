"""The persistence strategy, the baseline of all comparisons."""

from dataclasses import dataclass
from typing import ClassVar

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Role, Strategy


@dataclass(frozen=True)
class Persistence(Strategy):
    """The peak of this window, expected again for the next one.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> window = Window(np.array([[1.0, 3.0]]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> Persistence().estimate(History((), window, kept=4)).demand.tolist()
    [3.0]
    """

    formula = "max(last window)"
    source = "the naive forecast"
    role: ClassVar[Role] = "baseline"

    def estimate(self, history: History) -> Estimate:
        """Maximum of the new window."""
        return Estimate(history.new.maximum)
