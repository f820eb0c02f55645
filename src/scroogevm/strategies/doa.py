"""The doa strategy: dynamic overcommit adjustment."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Strategy
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Doa(Strategy):
    """Step down while the node is not busy, and step up far when it is.

    It only knows whether usage was close to capacity, so it offers more and more until the node is
    busy. Its demand may fall below zero, down to minus two capacities. The next step starts from
    there.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> window = Window(np.array([[1.0, 3.0]]), np.array([40.0]), np.array([30.0]), VMs.none())
    >>> Doa().estimate(History((), window, kept=4)).demand.tolist()
    [28.0]
    """

    formula = (
        "d = allocated at first; max(last window) < busy*capacity: d -= round(capacity/down), "
        "not under -2*capacity; else d += round(capacity/up)"
    )
    source = "Dynamic overcommitment by feedback, as in Jacquet 2024"

    busy: float = parameter(0.95, "share of capacity at which a node is busy", low=0, high=1)
    down: float = parameter(20.0, "a step down is capacity over this", low=1)
    up: float = parameter(2.0, "a step up is capacity over this", low=1)

    def estimate(self, history: History) -> Estimate:
        """Step from the demand of the previous window of this slice."""
        capacity = history.capacity
        before = history.remembered("d", history.allocated)
        calm = history.new.maximum < self.busy * capacity
        lower = np.maximum(before - np.rint(capacity / self.down), -2 * capacity)
        demand = np.where(calm, lower, before + np.rint(capacity / self.up))
        return Estimate(demand, {"d": demand})
