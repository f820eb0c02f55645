"""Google's oracle."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.core.statistics import percentile
from scroogevm.ports import Role, Strategy
from scroogevm.registry import parameter
from scroogevm.strategies._google import BASHIR


@dataclass(frozen=True)
class GoogleOracle(Strategy):
    """A percentile of the future usage of the VMs that are alive now, read from the trace.

    Our oracle uses the whole node instead. Here, VMs that arrive later do not count.

    >>> from scroogevm.core.window import VMs, Window
    >>> def window(*usage):
    ...     ids = np.arange(len(usage))
    ...     vms = VMs(ids, 0 * ids, np.full(ids.size, 4.0), np.array(usage)[:, np.newaxis])
    ...     return Window(np.array([[sum(usage)]]), np.array([8.0]), np.array([4.0]), vms)
    >>> ahead = [window(2.0), window(3.0, 9.0)]
    >>> GoogleOracle().estimate(History((), window(1.0), kept=4, future=ahead)).demand.tolist()
    [3.0]
    """

    formula = "percentile(summed usage of the VMs alive now over [now, now + horizon], p)"
    source = BASHIR
    role: ClassVar[Role] = "bound"
    looks_ahead: ClassVar[bool] = True

    p: float = parameter(100.0, "percentile of the summed usage, %", low=0, high=100)
    horizon: int = parameter(288, "samples looked ahead, this one included; 0 to the end", low=0)

    def foresight(self, samples: int, slices: int) -> int | None:
        """As many windows as the samples ahead fill."""
        del slices
        if not self.horizon:
            return None
        return -(-(self.horizon - 1) // max(samples, 1))

    def estimate(self, history: History) -> Estimate:
        """Percentile of the sums ahead."""
        ahead: list[Floats] = []
        left = self.horizon or None
        for total in _ahead(history):
            ahead.append(total[:, :left])
            if left is not None:
                left -= ahead[-1].shape[1]
                if left <= 0:
                    break
        return Estimate(percentile(np.concatenate(ahead, axis=1), self.p))


def _ahead(history: History) -> Iterator[Floats]:
    """Sums over the VMs alive now, (nodes, samples) a window, from the newest sample on."""
    vms = history.vms
    yield vms.total(history.nodes)[:, -1:]
    for window in history.future:
        if np.array_equal(window.vms.ids, vms.ids):
            yield window.vms.total(history.nodes)
        else:
            alive = np.isin(window.vms.ids, vms.ids, assume_unique=True)
            yield window.vms.only(alive).total(history.nodes)
