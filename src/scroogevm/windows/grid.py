"""The positions of samples and windows in time."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Grid:
    """Windows of equal length, of samples at equal distances.

    Attributes:
        origin: begin of the first window, s.
        end: end of the last window, s.
        interval: seconds between samples.
        slice: seconds in a window, a multiple of the interval.
    """

    origin: float
    end: float
    interval: float
    slice: float

    @property
    def windows(self) -> int:
        """Whole windows."""
        return int((self.end - self.origin) / self.slice + 1e-9)

    @property
    def samples(self) -> int:
        """Samples in a window."""
        return round(self.slice / self.interval)
