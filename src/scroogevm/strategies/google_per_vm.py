"""Google's per-VM predictor."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import Trail
from scroogevm.core.statistics import percentile
from scroogevm.core.window import VMs
from scroogevm.registry import parameter
from scroogevm.strategies._google import BASHIR, GooglePredictor


@dataclass(frozen=True)
class GooglePerVm(GooglePredictor):
    """Sum over VMs of a percentile of each one's last samples, after warm-up.

    Where rc-like waits for K windows, this one waits for a number of samples.
    """

    formula = "sum over warm VMs of percentile(last samples, p) + limits of cold VMs"
    source = BASHIR

    p: float = parameter(99.0, "percentile of each VM's samples, %", low=0, high=100)

    def predict(self, vms: VMs, trail: Trail, warm: Bools, nodes: int) -> Floats:
        """Sum of the percentiles."""
        peaks = percentile(self.capped(vms, trail), self.p)
        return vms.per_node(np.where(warm, peaks, 0.0), nodes)
