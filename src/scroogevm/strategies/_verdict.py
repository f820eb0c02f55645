"""Gives the verdict of a quiescence test, for greedy or alone."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.core.estimate import Estimate, Verdict
from scroogevm.core.history import History
from scroogevm.ports import QuiescenceTest, Strategy


def verdict(test: QuiescenceTest, history: History) -> Verdict:
    """The verdict of a test on each node.

    A window is judged only once K windows were kept before it; until then it is not quiescent.
    """
    judged = history.full
    if not judged.any():
        return Verdict(np.zeros(history.nodes, np.bool_), {}, judged)
    return test.judge(history).only(judged)


@dataclass(frozen=True)
class TestRunner(Strategy):
    """Runs a test on every window; only its verdict matters, and its demand is empty."""

    __test__: ClassVar[bool] = False  # by its name, pytest would collect it

    test: QuiescenceTest

    def estimate(self, history: History) -> Estimate:
        """Return the verdict."""
        return Estimate(np.zeros(history.nodes), verdict=verdict(self.test, history))
