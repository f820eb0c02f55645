"""What strategies that take strategies have in common."""

from abc import abstractmethod
from dataclasses import replace

from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import Strategy


class Combinator(Strategy):
    """A strategy around others: it wants to see what they want to see."""

    @property
    @abstractmethod
    def inner(self) -> tuple[Strategy, ...]:
        """The strategies it takes."""

    @property
    def lookback(self) -> int:
        """The longest trail that one of the inner strategies wants."""
        return max((strategy.lookback for strategy in self.inner), default=0)

    @property
    def looks_ahead(self) -> bool:  # type: ignore[override]  # depends on what it holds
        """Whether one of the inner strategies reads the future."""
        return any(strategy.looks_ahead for strategy in self.inner)


def ask(strategy: Strategy, label: str, history: History) -> Estimate:
    """Ask an inner strategy, whose memo lives in ours under ``label/``."""
    prefix = f"{label}/"
    memo = {
        name.removeprefix(prefix): array
        for name, array in history.memo.items()
        if name.startswith(prefix)
    }
    answer = strategy.estimate(replace(history, memo=memo))
    return Estimate(answer.demand, {f"{prefix}{name}": v for name, v in answer.memo.items()})
