"""The mode that acts when the host is under pressure."""

from dataclasses import dataclass

from scroogevm.balloon.modes._levelled import LevelledMode
from scroogevm.registry import parameter


@dataclass(frozen=True)
class PressureMode(LevelledMode):
    """The host asks where little of its memory is free, and gives back where much is.

    Between the two lines nothing changes. What is asked brings the host half way between them.
    """

    formula = "wanted = (low + fine) / 2 * total - available where available < low * total"
    source = "oVirt MoM acts below 20 % free"

    low: float = parameter(0.2, "free share below which the host needs memory", low=0, high=1)
    fine: float = parameter(0.25, "free share above which it gives memory back", low=0, high=1)

    def lines(self) -> tuple[float, float, float]:
        """The two lines, and the middle."""
        fine = max(self.low, self.fine)
        return self.low, (self.low + fine) / 2, fine
