"""Google's per-machine predictor."""

from dataclasses import dataclass

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import Trail
from scroogevm.core.statistics import percentile
from scroogevm.core.window import VMs
from scroogevm.registry import parameter
from scroogevm.strategies._google import BASHIR, GooglePredictor, ratios, share_of_limits


@dataclass(frozen=True)
class GooglePerMachine(GooglePredictor):
    """A percentile of the machine's usage as a share of what its VMs may use."""

    formula = "min(1, percentile(r, p)) * limits of warm VMs + limits of cold VMs"
    source = BASHIR

    p: float = parameter(99.0, "percentile of the ratio, %", low=0, high=100)

    def predict(self, vms: VMs, trail: Trail, warm: Bools, nodes: int) -> Floats:
        """Percentile of r, as a share of the limits."""
        share = percentile(ratios(vms, self.capped(vms, trail), warm, nodes), self.p)
        return share_of_limits(share, vms, warm, nodes)
