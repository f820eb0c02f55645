"""A combinator: a margin on top."""

from dataclasses import dataclass

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Strategy
from scroogevm.registry import parameter, plugged
from scroogevm.strategies._combine import Combinator, ask


@dataclass(frozen=True)
class Margin(Combinator):
    """The demand of another strategy with a margin added.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> from scroogevm.strategies.persistence import Persistence
    >>> window = Window(np.array([[1.0, 3.0]]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> Margin(Persistence(), by=2.0).estimate(History((), window, kept=4)).demand.tolist()
    [6.0]
    """

    formula = "by * strategy + plus * capacity"
    source = "Kubernetes' vertical pod autoscaler, safety margin"

    strategy: Strategy = plugged("scroogevm.strategies", meaning="the strategy to add a margin to")
    by: float = parameter(1.15, "factor on its demand", low=0)
    plus: float = parameter(0.0, "share of capacity added to it", low=0, high=1)

    @property
    def inner(self) -> tuple[Strategy, ...]:
        """The strategy it takes."""
        return (self.strategy,)

    def estimate(self, history: History) -> Estimate:
        """The inner demand with the margin."""
        answer = ask(self.strategy, "0", history)
        return Estimate(
            self.by * answer.demand + self.plus * history.capacity, answer.memo, answer.verdict
        )
