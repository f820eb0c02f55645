"""Google's maximum predictor."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import History
from scroogevm.core.vm_history import Trail
from scroogevm.strategies._google import BASHIR, GooglePredictor


@dataclass(frozen=True)
class GoogleMax(GooglePredictor):
    """Sum over VMs of the largest of all their samples: it never forgets a peak.

    >>> import numpy as np
    >>> from scroogevm.core.history import History
    >>> from scroogevm.core.vm_history import Trail
    >>> from scroogevm.core.window import VMs, Window
    >>> usage = np.array([[1.0, 3.0], [np.nan, 2.0]])
    >>> vms = VMs(np.array([0, 1]), np.array([0, 0]), np.array([4.0, 2.0]), usage)
    >>> window = Window(np.array([[1.0, 5.0]]), np.array([8.0]), np.array([6.0]), vms)
    >>> history = History((), window, kept=4, trail=Trail.of(vms, 9))
    >>> GoogleMax(warm=2).estimate(history).demand.round(6).tolist()
    [5.0]

    The second VM is cold here, and counts at its limit.
    """

    formula = "sum over warm VMs of max(all samples) + limits of cold VMs"
    source = BASHIR

    def predict(self, history: History, trail: Trail, warm: Bools) -> Floats:
        """Sum of the maxima."""
        return history.vms.per_node(np.where(warm, trail.maximum, 0.0), history.nodes)
