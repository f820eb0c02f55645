"""Google's per-machine predictor."""

from dataclasses import dataclass

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import History
from scroogevm.core.statistics import percentile
from scroogevm.core.vm_history import Trail
from scroogevm.registry import parameter
from scroogevm.strategies._google import BASHIR, GoogleWindow, share_of_limits


@dataclass(frozen=True)
class GooglePerMachine(GoogleWindow):
    """A percentile of the machine's usage as a share of the limits of its VMs.

    >>> import numpy as np
    >>> from scroogevm.core.history import History
    >>> from scroogevm.core.vm_history import Trail
    >>> from scroogevm.core.window import VMs, Window
    >>> usage = np.array([[1.0, 3.0], [np.nan, 2.0]])
    >>> vms = VMs(np.array([0, 1]), np.array([0, 0]), np.array([4.0, 2.0]), usage)
    >>> window = Window(np.array([[1.0, 5.0]]), np.array([8.0]), np.array([6.0]), vms)
    >>> history = History((), window, kept=4, trail=Trail.of(vms, 9))
    >>> GooglePerMachine(p=50, warm=2).estimate(history).demand.round(6).tolist()
    [4.0]
    """

    formula = "min(1, percentile(r, p)) * limits of warm VMs + limits of cold VMs"
    source = BASHIR

    p: float = parameter(99.0, "percentile of the ratio, %", low=0, high=100)

    def predict(self, history: History, trail: Trail, warm: Bools) -> Floats:
        """Percentile of r, as a share of the limits."""
        share = percentile(self.ratios(history, trail, warm), self.p)
        return share_of_limits(share, history, warm)
