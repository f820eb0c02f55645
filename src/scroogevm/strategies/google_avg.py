"""Google's average predictor."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import History
from scroogevm.core.statistics import divide
from scroogevm.core.vm_history import Trail
from scroogevm.strategies._google import BASHIR, GooglePredictor


@dataclass(frozen=True)
class GoogleAvg(GooglePredictor):
    """Sum over VMs of the mean of all their samples, without a margin.

    >>> import numpy as np
    >>> from scroogevm.core.history import History
    >>> from scroogevm.core.vm_history import Trail
    >>> from scroogevm.core.window import VMs, Window
    >>> usage = np.array([[1.0, 3.0], [np.nan, 2.0]])
    >>> vms = VMs(np.array([0, 1]), np.array([0, 0]), np.array([4.0, 2.0]), usage)
    >>> window = Window(np.array([[1.0, 5.0]]), np.array([8.0]), np.array([6.0]), vms)
    >>> history = History((), window, kept=4, trail=Trail.of(vms, 9))
    >>> GoogleAvg(warm=2).estimate(history).demand.round(6).tolist()
    [4.0]

    The second VM is cold here, and counts at its limit.
    """

    formula = "sum over warm VMs of mean(all samples) + limits of cold VMs"
    source = BASHIR

    def predict(self, history: History, trail: Trail, warm: Bools) -> Floats:
        """Sum of the means."""
        means = divide(trail.total, trail.seen)
        return history.vms.per_node(np.where(warm, means, 0.0), history.nodes)
