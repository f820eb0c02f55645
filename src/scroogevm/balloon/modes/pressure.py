"""The mode that acts when the host is under pressure."""

from dataclasses import dataclass

from scroogevm.balloon.modes._levelled import LevelledMode
from scroogevm.registry import parameter


@dataclass(frozen=True)
class PressureMode(LevelledMode):
    """The host asks where little of its memory is free, and gives back where much is.

    Between the two lines nothing changes.
    """

    formula = "wanted = low * total - available; room = available - fine * total"
    source = "oVirt MoM acts below 20 % free"

    low: float = parameter(0.2, "free share below which the host asks", low=0, high=1)
    fine: float = parameter(0.25, "free share above which it gives back", low=0, high=1)

    def lines(self) -> tuple[float, float]:
        """The two lines."""
        return self.low, max(self.low, self.fine)
