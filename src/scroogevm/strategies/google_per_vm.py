"""Google's per-VM predictor."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import History
from scroogevm.core.vm_history import Trail
from scroogevm.registry import parameter
from scroogevm.strategies._google import BASHIR, GoogleWindow


@dataclass(frozen=True)
class GooglePerVm(GoogleWindow):
    """Sum over VMs of a percentile of their last samples, after a warm-up.

    It waits for a number of samples of a VM. rc-like waits for K windows instead.

    >>> import numpy as np
    >>> from scroogevm.core.history import History
    >>> from scroogevm.core.vm_history import Trail
    >>> from scroogevm.core.window import VMs, Window
    >>> usage = np.array([[1.0, 3.0], [np.nan, 2.0]])
    >>> vms = VMs(np.array([0, 1]), np.array([0, 0]), np.array([4.0, 2.0]), usage)
    >>> window = Window(np.array([[1.0, 5.0]]), np.array([8.0]), np.array([6.0]), vms)
    >>> history = History((), window, kept=4, trail=Trail.of(vms, 9))
    >>> GooglePerVm(p=50, warm=2).estimate(history).demand.round(6).tolist()
    [4.0]
    """

    formula = "sum over warm VMs of percentile(usage/limit, p)*limit + limits of cold VMs"
    source = BASHIR

    p: float = parameter(99.0, "percentile of each VM's last samples, %", low=0, high=100)

    def predict(self, history: History, trail: Trail, warm: Bools) -> Floats:
        """Sum of the percentiles."""
        peaks = trail.percentile(self.p, self.samples)
        # A VM without recent samples counts at its limit, like a cold one.
        peaks = np.where(np.isnan(peaks), history.vms.allocated, peaks)
        return history.vms.per_node(np.where(warm, peaks, 0.0), history.nodes)
