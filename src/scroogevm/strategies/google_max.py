"""Google's maximum predictor."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import Trail
from scroogevm.core.window import VMs
from scroogevm.strategies._google import BASHIR, GooglePredictor


@dataclass(frozen=True)
class GoogleMax(GooglePredictor):
    """Sum over VMs of the largest sample each one ever gave: it never forgets a peak."""

    formula = "sum over warm VMs of max(all samples) + limits of cold VMs"
    source = BASHIR

    def predict(self, vms: VMs, trail: Trail, warm: Bools, nodes: int) -> Floats:
        """Sum of the maxima."""
        peak = np.minimum(trail.maximum, vms.allocated)
        return vms.per_node(np.where(warm, peak, 0.0), nodes)
