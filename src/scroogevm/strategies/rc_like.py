"""The rc-like strategy, after Resource Central."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Strategy
from scroogevm.registry import parameter


@dataclass(frozen=True)
class RcLike(Strategy):
    """Sum over VMs of a percentile of their samples, as if all had their peak at the same time.

    A VM that has not yet lived through K windows counts at its allocation. A VM that has left does
    not count. This is safe if VMs have their peaks together, and wasteful otherwise.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> vms = VMs(np.array([0]), np.array([0]), np.array([4.0]), np.array([[1.0, 2.0]]))
    >>> window = Window(np.array([[1.0, 2.0]]), np.array([8.0]), np.array([4.0]), vms)
    >>> RcLike(p=100).estimate(History((), window, kept=1)).demand.tolist()
    [2.0]
    >>> RcLike(p=100).estimate(History((), window, kept=4)).demand.tolist()
    [4.0]
    """

    formula = "sum over VMs of percentile(its samples, p), capped at its allocation"
    source = "Cortez et al., Resource Central, SOSP 2017; as in Jacquet 2024"
    resource_defaults = {"mem": {"p": 100.0, "capped": False}}  # noqa: RUF012  # read only

    p: float = parameter(99.0, "percentile of each VM's samples, %", low=0, high=100)
    capped: bool = parameter(default=True, meaning="whether a VM counts at most its allocation")

    @property
    def vm_percentile(self) -> float:
        """Its parameter ``p``."""
        return self.p

    def estimate(self, history: History) -> Estimate:
        """Sum over VMs of their percentile, or of their allocation while they are young."""
        vms = history.vms
        peak = history.vm_percentile(self.p)
        if self.capped:
            peak = np.minimum(peak, vms.allocated)
        young = (history.vm_windows < history.kept) | np.isnan(peak)
        return Estimate(vms.per_node(np.where(young, vms.allocated, peak), history.nodes))
