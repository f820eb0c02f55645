"""Google's n-sigma predictor."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import Trail
from scroogevm.core.statistics import count, mean, std
from scroogevm.core.window import VMs
from scroogevm.registry import parameter
from scroogevm.strategies._google import BASHIR, GooglePredictor, ratios, share_of_limits


@dataclass(frozen=True)
class GoogleNSigma(GooglePredictor):
    """Mean plus n standard deviations of the machine's usage as a share of its VMs' limits.

    Unlike our n-sigma it never asks for more than the limits, and takes the deviation of a sample
    (ddof 1).
    """

    formula = "min(1, mean(r) + n*stdev(r)) * limits of warm VMs + limits of cold VMs"
    source = BASHIR

    n: float = parameter(5.0, "standard deviations above the mean", low=0)

    def predict(self, vms: VMs, trail: Trail, warm: Bools, nodes: int) -> Floats:
        """Mean and deviation of r, as a share of the limits."""
        ratio = ratios(vms, self.capped(vms, trail), warm, nodes)
        number = count(ratio)
        spread = std(ratio) * np.sqrt(number / np.maximum(number - 1, 1))
        return share_of_limits(mean(ratio) + self.n * spread, vms, warm, nodes)
