"""Explains the last demands of the drawn nodes in words."""

from collections import deque
from collections.abc import Mapping, Sequence

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.ports import UNITS, Strategy
from scroogevm.reports.record import Moment, Pair

WINDOWS_EXPLAINED = 24
"""The last ones of each node."""
UNMEASURED = "The window has too few samples, so its VMs count at their allocation."
Explainers = Mapping[Pair, Strategy]
"""The strategies that explain themselves."""
Why = Mapping[Pair, Sequence[tuple[float, str]]]
"""Hours to the end of each of the last windows, the newest first, and why."""


def explainers(strategies: Mapping[str, Mapping[str, Strategy]]) -> Explainers:
    """Those of the strategies that explain themselves."""
    return {
        (resource, name): one
        for resource, named in strategies.items()
        for name, one in named.items()
        if one.explains
    }


class Reasons:
    """Keeps what strategies remembered of some nodes in the last windows.

    Args:
        who: the strategies that explain themselves.
    """

    def __init__(self, who: Explainers) -> None:
        self._who = who
        self._last: deque[tuple[float, Ints, Mapping[Pair, tuple[Bools, Mapping[str, Floats]]]]] = (
            deque(maxlen=WINDOWS_EXPLAINED)
        )

    def take(self, moment: Moment, nodes: Ints) -> None:
        """Note one window of the nodes that are watched now."""
        if not self._who:
            return
        found = {}
        for resource, told in moment.told.items():
            for strategy, answer in zip(told.strategies, told.estimates, strict=True):
                if (resource, strategy) in self._who:
                    memo = {n: a[nodes] for n, a in answer.memo.items() if not n.startswith("_")}
                    found[resource, strategy] = (told.measured[nodes], memo)
        self._last.append((moment.hour, nodes.copy(), found))

    def of(self, node: int) -> Why:
        """Why the last demands on a node are what they are."""
        why: dict[Pair, list[tuple[float, str]]] = {}
        for hour, nodes, found in reversed(self._last):
            for place in np.flatnonzero(nodes == node).tolist():
                for pair, (measured, memo) in found.items():
                    numbers = {name: float(array[place]) for name, array in memo.items()}
                    text = self._who[pair].explain(numbers, UNITS[pair[0]])
                    why.setdefault(pair, []).append((hour, text if measured[place] else UNMEASURED))
        return why
