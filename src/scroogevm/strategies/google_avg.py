"""Google's average predictor."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import Trail
from scroogevm.core.statistics import mean
from scroogevm.core.window import VMs
from scroogevm.strategies._google import BASHIR, GooglePredictor


@dataclass(frozen=True)
class GoogleAvg(GooglePredictor):
    """Sum over VMs of the mean of each one's last samples: no margin at all."""

    formula = "sum over warm VMs of mean(last samples) + limits of cold VMs"
    source = BASHIR

    def predict(self, vms: VMs, trail: Trail, warm: Bools, nodes: int) -> Floats:
        """Sum of the means."""
        return vms.per_node(np.where(warm, mean(self.capped(vms, trail)), 0.0), nodes)
