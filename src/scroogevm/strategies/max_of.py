"""A combinator: the largest of several."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Strategy
from scroogevm.registry import plugged
from scroogevm.strategies._combine import Combinator, ask


@dataclass(frozen=True)
class MaxOf(Combinator):
    """The largest demand of several strategies.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> from scroogevm.strategies.borg import Borg
    >>> from scroogevm.strategies.persistence import Persistence
    >>> window = Window(np.array([[1.0, 3.0]]), np.array([8.0]), np.array([11.0]), VMs.none())
    >>> both = MaxOf((Borg(), Persistence()))
    >>> both.estimate(History((), window, kept=4)).demand.round(6).tolist()
    [10.0]
    """

    formula = "max(strategies)"
    source = "Bashir et al., Take it to the limit, EuroSys 2021"

    strategies: tuple[Strategy, ...] = plugged(
        "scroogevm.strategies", meaning="the strategies to take the largest of", many=True
    )

    @property
    def inner(self) -> tuple[Strategy, ...]:
        """The strategies it takes."""
        return self.strategies

    def estimate(self, history: History) -> Estimate:
        """The largest of the inner demands."""
        answers = [ask(strategy, str(i), history) for i, strategy in enumerate(self.strategies)]
        demand = np.maximum.reduce([answer.demand for answer in answers])
        memo = {name: array for answer in answers for name, array in answer.memo.items()}
        verdict = next((answer.verdict for answer in answers if answer.verdict), None)
        return Estimate(demand, memo, verdict)
