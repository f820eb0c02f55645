"""What is remembered of a quiescence test's verdict: by greedy, or of a test asked by itself."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.ports import QuiescenceTest, Strategy

QUIESCENT, JUDGED, EVIDENCE = "quiescent", "judged", "quiescence_"
"""Names in a memo: the verdict, whether there is one, and how names of evidence begin."""


def verdict(test: QuiescenceTest, history: History) -> tuple[Bools, dict[str, Floats]]:
    """Where nodes are quiescent, and what to remember of it.

    A window is judged only once K windows were kept before it; until then it is not quiescent.
    """
    judged = history.full
    quiescent = np.zeros(history.nodes, np.bool_)
    evidence: dict[str, Floats] = {}
    if judged.any():
        said = test.judge(history)
        quiescent = said.quiescent & judged
        evidence = {
            f"{EVIDENCE}{name}": np.where(judged, array, np.nan)
            for name, array in said.evidence.items()
        }
    flags = {QUIESCENT: quiescent.astype(np.float64), JUDGED: judged.astype(np.float64)}
    return quiescent, {**flags, **evidence}


@dataclass(frozen=True)
class TestRunner(Strategy):
    """Asks a test about every window; what counts is its memo, it demands nothing."""

    test: QuiescenceTest

    def estimate(self, history: History) -> Estimate:
        """Remember the verdict."""
        _, memo = verdict(self.test, history)
        return Estimate(np.zeros(history.nodes), memo)
