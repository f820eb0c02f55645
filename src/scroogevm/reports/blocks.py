"""Collects a few windows of a chunk, because large arrays are faster than many small ones."""

from collections.abc import Callable

from scroogevm.reports.record import Moment, Record

WINDOWS, CELLS = 64, 8192
"""A block has so many windows at most, and, of many nodes, so many windows of nodes."""


class Blocks:
    """Gathers windows, and hands on a block when it is full.

    Args:
        done: what gets each block.
    """

    def __init__(self, done: Callable[[Record], None]) -> None:
        self._done = done
        self._waiting: list[Moment] = []

    def take(self, moment: Moment) -> None:
        """Add one window."""
        self._waiting.append(moment.kept)
        windows = len(self._waiting)
        if windows >= WINDOWS or windows * len(moment.nodes) >= CELLS:
            self.flush()

    @property
    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    def flush(self) -> None:
        """Hand on what waits."""
        if self._waiting:
            record = Record(self._waiting)
            self._waiting = []
            self._done(record)
