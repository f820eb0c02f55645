"""Computes contention and health of nodes in a window."""

from dataclasses import dataclass, field

import numpy as np

from scroogevm.core.arrays import Bools, Floats


@dataclass
class Age:
    """How old the newest sample of each node is.

    Attributes:
        newest: (nodes,), time at which the interval of the newest sample ended, s; NaN before the
            first one.
    """

    newest: Floats = field(default_factory=lambda: np.empty(0))

    def then(self, present: Bools, begin: float, end: float) -> Floats:
        """Seconds from the newest sample of each node to the end of a window, (nodes,).

        Args:
            present: (nodes, samples), where there is a sample.
            begin: of the window, s.
            end: of the window, s.

        >>> age = Age(np.array([np.nan, 60.0]))
        >>> age.then(np.array([[True, False], [False, False]]), 60.0, 120.0).tolist()
        [30.0, 60.0]
        """
        samples = present.shape[1]
        if samples:
            last = samples - np.argmax(present[:, ::-1], axis=1)
            ended = begin + last * (end - begin) / samples
            self.newest = np.where(present.any(axis=1), ended, self.newest)
        return end - self.newest
