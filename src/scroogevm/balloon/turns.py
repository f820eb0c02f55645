"""Turns of nodes: some at a time, since all at once would compete for the same cores."""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Semaphore


class Turns:
    """Limits how many run at the same time. None waits longer than a limit.

    Args:
        width: how many go at a time.
        patience: seconds after which one goes without a turn.
    """

    def __init__(self, width: int, patience: float) -> None:
        self._free = Semaphore(width)
        self._patience = patience

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """A turn, for as long as the block lasts; whether there was one."""
        had = self._free.acquire(timeout=self._patience)
        try:
            yield had
        finally:
            if had:
                self._free.release()
