"""A combinator: never below a share of the allocation."""

from dataclasses import dataclass, replace

import numpy as np

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Strategy
from scroogevm.registry import parameter, plugged
from scroogevm.strategies._combine import Combinator, ask


@dataclass(frozen=True)
class Floor(Combinator):
    """The demand of another strategy, but at least a share of allocation or capacity.

    An idle fleet looks free until many VMs become busy at once. The floor keeps capacity for this
    case.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> from scroogevm.strategies.persistence import Persistence
    >>> window = Window(np.array([[1.0, 1.0]]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> Floor(Persistence(), allocated=0.5).estimate(History((), window, kept=4)).demand.tolist()
    [3.0]
    """

    formula = "max(strategy, allocated * its allocation, capacity * its capacity)"
    source = "Kubernetes' vertical pod autoscaler, minimum allowed"

    strategy: Strategy = plugged("scroogevm.strategies", meaning="the strategy to raise")
    allocated: float = parameter(0.25, "share of the allocation", low=0)
    capacity: float = parameter(0.0, "share of the capacity", low=0, high=1)

    @property
    def inner(self) -> tuple[Strategy, ...]:
        """The strategy it takes."""
        return (self.strategy,)

    def estimate(self, history: History) -> Estimate:
        """The inner demand, but at least the floor."""
        answer = ask(self.strategy, "0", history)
        least = np.maximum(self.allocated * history.allocated, self.capacity * history.capacity)
        return replace(answer, demand=np.maximum(answer.demand, least))
