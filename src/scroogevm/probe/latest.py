"""Shares one reading among clients that ask at about the same time."""

import time
from collections.abc import Callable
from threading import Lock

from scroogevm.probe.snapshot import Snapshot


class Latest:
    """The latest reading; a new one only where that is too old.

    Args:
        read: reads everything.
        fresh: seconds that a reading is handed out again; infinite where others renew it.
        clock: seconds on any scale that does not jump.
    """

    def __init__(
        self,
        read: Callable[[], Snapshot],
        fresh: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._read = read
        self._fresh = fresh
        self._clock = clock
        self._lock = Lock()
        self._kept: tuple[float, Snapshot] | None = None

    def get(self) -> Snapshot:
        """A reading that is fresh: whoever comes while one is being made waits for that one."""
        with self._lock:
            if self._kept is None or self._clock() - self._kept[0] >= self._fresh:
                return self._renew()
            return self._kept[1]

    def renew(self) -> Snapshot:
        """Read now."""
        with self._lock:
            return self._renew()

    def _renew(self) -> Snapshot:
        snapshot = self._read()
        self._kept = self._clock(), snapshot
        return snapshot
