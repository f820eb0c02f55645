"""Google's n-sigma predictor."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import History
from scroogevm.core.statistics import count, mean, std
from scroogevm.core.vm_history import Trail
from scroogevm.registry import parameter
from scroogevm.strategies._google import BASHIR, GoogleWindow, share_of_limits


@dataclass(frozen=True)
class GoogleNSigma(GoogleWindow):
    """Mean plus n standard deviations of the machine's usage as a share of its VMs' limits.

    Unlike our n-sigma, its demand never exceeds the limits, and it uses the deviation of a sample
    (ddof 1).

    >>> import numpy as np
    >>> from scroogevm.core.history import History
    >>> from scroogevm.core.vm_history import Trail
    >>> from scroogevm.core.window import VMs, Window
    >>> usage = np.array([[1.0, 3.0], [np.nan, 2.0]])
    >>> vms = VMs(np.array([0, 1]), np.array([0, 0]), np.array([4.0, 2.0]), usage)
    >>> window = Window(np.array([[1.0, 5.0]]), np.array([8.0]), np.array([6.0]), vms)
    >>> history = History((), window, kept=4, trail=Trail.of(vms, 9))
    >>> GoogleNSigma(n=1, warm=2).estimate(history).demand.round(6).tolist()
    [5.414214]
    """

    formula = "min(1, mean(r) + n*stdev(r)) * limits of warm VMs + limits of cold VMs"
    source = BASHIR

    n: float = parameter(5.0, "standard deviations above the mean", low=0)

    def predict(self, history: History, trail: Trail, warm: Bools) -> Floats:
        """Mean and deviation of r, as a share of the limits."""
        ratio = self.ratios(history, trail, warm)
        number = count(ratio)
        spread = std(ratio) * np.sqrt(number / np.maximum(number - 1, 1))
        return share_of_limits(mean(ratio) + self.n * spread, history, warm)
