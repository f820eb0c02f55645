"""The clock of the service: a real one, or a fast one for tests and the demo."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and waits."""

    def now(self) -> float:
        """Seconds since 1970."""

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Wait until a time; False if it must stop earlier."""


class RealClock:
    """The clock of the system. It is read again every second, because somebody may set it."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Wait until a time; False if it must stop earlier."""
        while not stop.is_set():
            left = until - self.now()
            if left <= 0:
                return True
            stop.wait(min(left, 1.0))
        return False


class FastClock:
    """A clock that starts at a given time and runs faster.

    Args:
        begin: its first time, seconds since 1970.
        speed: its seconds in a real second; infinite to jump to the end of each wait.
    """

    def __init__(self, begin: float, speed: float) -> None:
        self._begin = begin
        self._speed = speed
        self._made = time.monotonic()

    def now(self) -> float:
        """Seconds since 1970, on this clock."""
        if self._speed == float("inf"):
            return self._begin
        return self._begin + (time.monotonic() - self._made) * self._speed

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Wait until a time; False if it must stop earlier."""
        if self._speed == float("inf"):
            self._begin = max(self._begin, until)
        else:
            stop.wait(max(0.0, (until - self.now()) / self._speed))
        return not stop.is_set()
