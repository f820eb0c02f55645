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
    """A strategy that contains others: it reads all the data that they read.

    Its memo and its pool contain those of the inner strategies, with the position of each as
    prefix: ``0/``, ``1/`` and so on.
    """

    @property
    @abstractmethod
    def inner(self) -> tuple[Strategy, ...]:
        """The strategies it takes."""

    @property
    def lookback(self) -> int:
        """The longest trail that one of the inner strategies reads."""
        return max((strategy.lookback for strategy in self.inner), default=0)

    @property
    def role(self) -> Role:  # type: ignore[override]  # depends on what it holds
        """A bound if an inner strategy is one."""
        return "bound" if self.looks_ahead else "candidate"

    @property
    def looks_ahead(self) -> bool:  # type: ignore[override]  # likewise
        """Whether one of the inner strategies reads the future."""
        return any(strategy.looks_ahead for strategy in self.inner)

    @property
    def vm_percentile(self) -> float | None:
        """The lowest percentile that one of the inner strategies reads."""
        return lowest_vm_percentile(self.inner)

    @property
    def pools(self) -> bool:  # type: ignore[override]  # likewise
        """Whether one of the inner strategies learns from all nodes together."""
        return any(strategy.pools for strategy in self.inner)

    def foresight(self, samples: int, slices: int) -> int | None:
        """The largest number of windows that one of the inner strategies looks ahead."""
        far = [strategy.foresight(samples, slices) for strategy in self.inner]
        return None if None in far else max((ahead or 0 for ahead in far), default=0)

    def summarise(self, history: History) -> Summary:
        """The summaries of the inner strategies."""
        told: dict[str, Any] = {}
        for at, strategy in enumerate(self.inner):
            if strategy.pools:
                told |= put(str(at), strategy.summarise(inside(history, str(at))))
        return told

    def pool(self, before: Pool, summary: Summary) -> Pool:
        """The pools of the inner strategies."""
        known: dict[str, Any] = {}
        for at, strategy in enumerate(self.inner):
            if strategy.pools:
                label = str(at)
                known |= put(label, strategy.pool(taken(label, before), taken(label, summary)))
        return known


def ask(strategy: Strategy, label: str, history: History) -> Estimate:
    """Run an inner strategy; its memo has the prefix ``label/``."""
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
    """The values under a label, without it."""
    prefix = f"{label}/"
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix)
    }
