"""The arithmetic that Google's published predictors share.

They look at VMs, not at windows: the last samples of each, whatever window they fell in. A VM is
warm once it has given enough samples; until then it counts at its limit. VMs that left are
forgotten. Usage counts up to the limit.
"""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History, Trail
from scroogevm.core.statistics import divide
from scroogevm.core.window import VMs
from scroogevm.ports import Strategy
from scroogevm.registry import parameter

BASHIR = "Bashir et al., Take it to the limit, EuroSys 2021"


@dataclass(frozen=True)
class GooglePredictor(Strategy):
    """A predictor over the warm VMs; cold ones are added at their limit."""

    samples: int = parameter(120, "last samples of each VM that are looked at", low=1)
    warm: int = parameter(24, "samples after which a VM is warm", low=1)

    @property
    def lookback(self) -> int:
        """The trail it wants."""
        return self.samples

    def estimate(self, history: History) -> Estimate:
        """``predict(warm VMs) + sum(limit of cold VMs)``."""
        trail = history.trail
        if trail is None:
            raise ValueError("the engine gave no trail to a strategy that asked for one")
        vms = history.vms
        warm = trail.seen >= self.warm
        cold = vms.per_node(np.where(warm, 0.0, vms.allocated), history.nodes)
        return Estimate(self.predict(vms, trail, warm, history.nodes) + cold)

    @abstractmethod
    def predict(self, vms: VMs, trail: Trail, warm: Bools, nodes: int) -> Floats:
        """Demand of the warm VMs of each node, (nodes,)."""

    def capped(self, vms: VMs, trail: Trail) -> Floats:
        """The last samples of each VM, none above its limit, (vms, samples)."""
        return np.minimum(trail.usage[:, -self.samples :], vms.allocated[:, np.newaxis])


def ratios(vms: VMs, usage: Floats, warm: Bools, nodes: int) -> Floats:
    """``r[k] = sum usage[k] / sum limit[k]`` over the warm VMs with a sample of age k.

    Returns:
        (nodes, samples), the newest last; NaN where no VM has a sample of that age.
    """
    counted = warm[:, np.newaxis] & ~np.isnan(usage)
    used = vms.sum_rows(np.where(counted, usage, 0.0), nodes)
    limit = vms.sum_rows(np.where(counted, vms.allocated[:, np.newaxis], 0.0), nodes)
    return divide(used, limit)


def share_of_limits(share: Floats, vms: VMs, warm: Bools, nodes: int) -> Floats:
    """``min(1, share) * sum(limits)`` of the warm VMs, 0 where a node has none."""
    limits = vms.per_node(np.where(warm, vms.allocated, 0.0), nodes)
    return np.where(np.isnan(share), limits, np.minimum(1.0, share) * limits)
