"""Greedy, the strategy that gave this project its name."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.core.arrays import Bools
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.errors import SpecError
from scroogevm.ports import QuiescenceTest, Role, Strategy
from scroogevm.quiescence.mean_band import MeanBand
from scroogevm.registry import parameter, plugged
from scroogevm.strategies._verdict import verdict


@dataclass(frozen=True)
class Greedy(Strategy):
    """Mean plus r standard deviations, where r shrinks only while the node is quiescent.

    Each window that behaves like the kept ones makes the margin a little smaller. A window with
    rising usage makes it larger by twice as much. A window is judged only after K windows were kept
    before it; until then it is not quiescent.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> window = Window(np.array([[1.0, 3.0]]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> answer = Greedy().estimate(History((), window, kept=4))
    >>> answer.demand.tolist(), answer.memo["r"].tolist()
    ([5.5], [3.5])
    """

    formula = (
        "mean(x) + r*std(x); r = start at first; quiescent: r -= down; else rising: r += up; "
        "low <= r <= high"
    )
    source = "Jacquet, Ledoux, Rouvoy, ScroogeVM, IEEE TSUSC 9(5), 2024"
    aliases = ("scroogevm",)
    role: ClassVar[Role] = "baseline"

    quiescence: QuiescenceTest = plugged(
        "scroogevm.quiescence",
        MeanBand(),
        meaning="the test that decides whether a node is quiescent",
    )
    start: float = parameter(3.5, "r of a new node", low=0)
    down: float = parameter(0.1, "decrease of r after a quiescent window", low=0)
    up: float = parameter(0.2, "increase of r after a rising window", low=0)
    low: float = parameter(2.0, "least r", low=0)
    high: float = parameter(5.0, "greatest r", low=0)

    def __post_init__(self) -> None:
        """Reject a smallest r that is above the largest."""
        super().__post_init__()
        if self.low > self.high:
            raise SpecError(f"{self.low} is above high, {self.high}", where="low")

    def estimate(self, history: History) -> Estimate:
        """``mean(x) + r*std(x)`` with the r of this window."""
        said = verdict(self.quiescence, history)
        quiescent = said.quiescent
        rising = _rising(history) & ~quiescent
        ratio = history.remembered("r", self.start)
        ratio = ratio - self.down * quiescent + self.up * rising
        ratio = np.clip(ratio, self.low, self.high)
        memo = {"r": ratio, "rising": rising.astype(np.float64)}
        return Estimate(history.mean + ratio * history.std, memo, said)


def _rising(history: History) -> Bools:
    """``mean(x) > ceil(mean(previous window) / 0.1) * 0.1``; not rising without a previous one."""
    if not history.earlier:
        return np.zeros(history.nodes, np.bool_)
    step = np.ceil(history.earlier[-1].mean / 0.1) * 0.1
    return np.asarray(history.mean > step)  # NaN, without such a window, compares false
