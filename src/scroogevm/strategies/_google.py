"""The arithmetic that Google's published predictors share.

They use VMs, not windows: the last samples of each VM, from any window. A VM is warm after it has
enough samples; until then it counts at its limit. VMs that left are forgotten. Usage counts up to
the limit.
"""

from abc import abstractmethod
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.core.statistics import divide
from scroogevm.core.vm_history import Trail
from scroogevm.ports import Strategy
from scroogevm.registry import parameter

BASHIR = "Bashir et al., Take it to the limit, EuroSys 2021"


@dataclass(frozen=True)
class GooglePredictor(Strategy):
    """A predictor over the warm VMs; cold ones are added at their limit."""

    warm: int = parameter(24, "samples after which a VM is warm", low=1)

    @property
    def lookback(self) -> int:
        """The trail that it reads: any length, because a trail knows a VM's whole life."""
        return 1

    def estimate(self, history: History) -> Estimate:
        """``predict(warm VMs) + sum(limit of cold VMs)``."""
        if history.trail is None:
            raise ValueError("the engine gave no trail to a strategy that needs one")
        warm = history.trail.seen >= self.warm
        cold = np.where(warm, 0.0, history.vms.allocated)
        demand = self.predict(history, history.trail, warm)
        return Estimate(demand + history.vms.per_node(cold, history.nodes))

    @abstractmethod
    def predict(self, history: History, trail: Trail, warm: Bools) -> Floats:
        """Demand of the warm VMs of each node, (nodes,)."""


@dataclass(frozen=True)
class GoogleWindow(GooglePredictor):
    """A predictor that uses the last samples of each VM."""

    samples: int = parameter(120, "last samples of each VM that are looked at", low=1)

    @property
    def lookback(self) -> int:
        """The trail that it reads."""
        return self.samples

    def ratios(self, history: History, trail: Trail, warm: Bools) -> Floats:
        """``r[k] = sum usage[k] / sum limit[k]`` over the warm VMs with a sample of age k.

        Returns:
            (nodes, samples), the newest last; NaN if no VM has a sample of that age.
        """
        key = f"ratios of {self.samples} samples, warm after {self.warm}"
        if key not in history.shared:  # several predictors use it
            history.shared[key] = _ratios(trail, self.samples, warm, history.nodes)
        ratios: Floats = history.shared[key]
        return ratios


def share_of_limits(share: Floats, history: History, warm: Bools) -> Floats:
    """``min(1, share) * sum(limits)`` of the warm VMs; their limits if nothing is known."""
    vms = history.vms
    limits = vms.per_node(np.where(warm, vms.allocated, 0.0), history.nodes)
    return np.where(np.isnan(share), limits, np.minimum(1.0, share) * limits)


def _ratios(trail: Trail, samples: int, warm: Bools, nodes: int) -> Floats:
    vms = trail.vms
    if trail.settled and warm.all():
        limit = vms.per_node(vms.allocated, nodes)[:, np.newaxis]
        used = trail.node_usage(samples, nodes)
        return divide(used, np.broadcast_to(limit, used.shape))
    usage, limit = trail.usage[:, -samples:], trail.limit[:, -samples:]
    counted = warm[:, np.newaxis] & ~np.isnan(usage)
    used = vms.sum_rows(np.where(counted, usage, 0.0), nodes)
    return divide(used, vms.sum_rows(np.where(counted, limit, 0.0), nodes))
