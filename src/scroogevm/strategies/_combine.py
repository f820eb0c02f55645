"""The common parts of strategies that contain other strategies."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History, Pool
from scroogevm.ports import Role, Strategy, Summary, lowest_vm_percentile

Value = TypeVar("Value")


class Combinator(Strategy):
    """A strategy around others: it wants to see what they want to see.

    What the inner strategies remember, of nodes and of the pool, lives in its own under the place
    of each, ``0/``, ``1/`` and so on.
    """

    @property
    @abstractmethod
    def inner(self) -> tuple[Strategy, ...]:
        """The strategies it takes."""

    @property
    def lookback(self) -> int:
        """The longest trail that one of the inner strategies wants."""
        return max((strategy.lookback for strategy in self.inner), default=0)

    @property
    def role(self) -> Role:  # type: ignore[override]  # depends on what it holds
        """A bound where an inner strategy is one."""
        return "bound" if self.looks_ahead else "candidate"

    @property
    def looks_ahead(self) -> bool:  # type: ignore[override]  # likewise
        """Whether one of the inner strategies reads the future."""
        return any(strategy.looks_ahead for strategy in self.inner)

    @property
    def vm_percentile(self) -> float | None:
        """The lowest that one of the inner strategies asks for."""
        return lowest_vm_percentile(self.inner)

    @property
    def pools(self) -> bool:  # type: ignore[override]  # likewise
        """Whether one of the inner strategies learns from all nodes together."""
        return any(strategy.pools for strategy in self.inner)

    def foresight(self, samples: int, slices: int) -> int | None:
        """As far as the inner strategy that looks farthest."""
        far = [strategy.foresight(samples, slices) for strategy in self.inner]
        return None if None in far else max((ahead or 0 for ahead in far), default=0)

    def summarise(self, history: History) -> Summary:
        """What the inner strategies tell."""
        told: dict[str, Any] = {}
        for at, strategy in enumerate(self.inner):
            if strategy.pools:
                told |= put(str(at), strategy.summarise(inside(history, str(at))))
        return told

    def pool(self, before: Pool, summary: Summary) -> Pool:
        """What the inner strategies know."""
        known: dict[str, Any] = {}
        for at, strategy in enumerate(self.inner):
            if strategy.pools:
                label = str(at)
                known |= put(label, strategy.pool(taken(label, before), taken(label, summary)))
        return known


def ask(strategy: Strategy, label: str, history: History) -> Estimate:
    """Ask an inner strategy, which remembers under ``label/``."""
    answer = strategy.estimate(inside(history, label))
    return Estimate(answer.demand, put(label, answer.memo), answer.verdict)


def inside(history: History, label: str) -> History:
    """The history as the inner strategy sees it."""
    memo, pool = taken(label, history.memo), taken(label, history.pool)
    return replace(history, memo=memo, pool=pool)


def put(label: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """Values under a label."""
    return {f"{label}/{name}": value for name, value in values.items()}


def taken(label: str, values: Mapping[str, Value]) -> dict[str, Value]:
    """What was put under a label."""
    prefix = f"{label}/"
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }
