"""The mode that keeps the host at a target."""

from dataclasses import dataclass

from scroogevm.balloon.modes._levelled import LevelledMode
from scroogevm.registry import parameter


@dataclass(frozen=True)
class ProactiveMode(LevelledMode):
    """Keeps a share of the host's memory free, before it is needed.

    Below the target it takes, above the target and a small zone it gives back.
    """

    formula = "wanted = free * total - available; room = available - (free + zone) * total"
    source = "Proxmox keeps a host at 80 %"

    free: float = parameter(0.3, "share of the host's memory that is kept free", low=0, high=1)
    zone: float = parameter(0.02, "share above it that is kept", low=0, high=1)

    def lines(self) -> tuple[float, float, float]:
        """The target, and the end of its zone."""
        return self.free, self.free, self.free + self.zone
