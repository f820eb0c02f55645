"""The max-peak strategy."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Strategy
from scroogevm.registry import parameter
from scroogevm.strategies.n_sigma import NSigma
from scroogevm.strategies.rc_like import RcLike


@dataclass(frozen=True)
class MaxPeak(Strategy):
    """The larger of n-sigma (sees the node) and rc-like (sees its VMs).

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> window = Window(np.array([[1.0, 3.0]]), np.array([8.0]), np.array([0.0]), VMs.none())
    >>> MaxPeak(n=2).estimate(History((), window, kept=4)).demand.tolist()
    [4.0]
    """

    formula = "max(n-sigma, rc-like)"
    source = "Bashir et al., Take it to the limit, EuroSys 2021; of these two, as in Jacquet 2024"
    resource_defaults = RcLike.resource_defaults

    n: float = parameter(5.0, "standard deviations of n-sigma", low=0)
    p: float = parameter(99.0, "percentile of rc-like, %", low=0, high=100)
    capped: bool = parameter(default=True, meaning="whether a VM counts at most its allocation")

    @property
    def vm_percentile(self) -> float:
        """That of rc-like."""
        return self.p

    def estimate(self, history: History) -> Estimate:
        """The larger of both demands."""
        node = NSigma(self.n).estimate(history).demand
        vms = RcLike(self.p, self.capped).estimate(history).demand
        return Estimate(np.maximum(node, vms))
