"""Counts and drops samples that are too late for their window, before they reach the store.

A window is judged once. If the store kept a sample of it later, a replay of the store would use
other numbers than the service.
"""

import threading
from collections.abc import Sequence

from scroogevm.core.samples import ESSENTIAL, Recorded, Sample
from scroogevm.ports import Store


class Gate(Store):
    """A store that takes no samples of windows that were judged.

    Args:
        store: that gets the other samples.

    Attributes:
        late: number of samples that were too late.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._closed = float("-inf")
        self.late = 0

    def shut(self, until: float) -> None:
        """From now on, take no samples from before a time, in seconds since 1970.

        After it returns, no such sample is being written.
        """
        with self._lock:
            self._closed = max(self._closed, until)

    def write(self, samples: Sequence[Sample]) -> None:
        """Keep the samples that are not too late."""
        with self._lock:
            timely = [sample for sample in samples if sample.time >= self._closed]
            self.late += len(samples) - len(timely)
            self._store.write(timely)

    def nodes(self, since: float, until: float) -> Sequence[str]:
        """Names of the nodes with a sample in a time."""
        return self._store.nodes(since, until)

    def read(
        self,
        nodes: Sequence[str],
        since: float,
        until: float,
        quantities: Sequence[str] = ESSENTIAL,
    ) -> Recorded:
        """The samples of some nodes in a time."""
        return self._store.read(nodes, since, until, quantities)

    def close(self) -> None:
        """Do nothing, because the service still reads after the collector has ended."""
