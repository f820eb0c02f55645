"""The clock of the service: a real one, or a fast one for tests and the demo."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time, and waits."""

    def now(self) -> float:
        """Seconds since 1970."""

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Wait for a time; False where it was told to stop before."""


class RealClock:
    """The clock of the system. It is looked at again every second, since it may be set."""

    def now(self) -> float:
        """Seconds since 1970."""
        return time.time()

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Wait for a time; False where it was told to stop before."""
        while not stop.is_set():
            left = until - self.now()
            if left <= 0:
                return True
            stop.wait(min(left, 1.0))
        return False


class FastClock:
    """A clock that runs so many times faster, from a time on.

    Args:
        begin: seconds since 1970 that it shows when it is made.
        speed: seconds in a second; infinite for one that jumps to whatever is waited for.
    """

    def __init__(self, begin: float, speed: float) -> None:
        self._begin = begin
        self._speed = speed
        self._made = time.monotonic()

    def now(self) -> float:
        """Seconds since 1970, as it shows them."""
        if self._speed == float("inf"):
            return self._begin
        return self._begin + (time.monotonic() - self._made) * self._speed

    def wait(self, until: float, stop: threading.Event) -> bool:
        """Wait for a time; False where it was told to stop before."""
        if self._speed == float("inf"):
            self._begin = max(self._begin, until)
        else:
            stop.wait(max(0.0, (until - self.now()) / self._speed))
        return not stop.is_set()
