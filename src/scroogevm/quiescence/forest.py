"""The random forest test."""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.errors import MissingExtraError
from scroogevm.ports import QuiescenceTest
from scroogevm.quiescence._draws import draws
from scroogevm.registry import parameter


@dataclass(frozen=True)
class Forest(QuiescenceTest):
    """A random forest trained on the kept windows predicts the new window as well as the kept ones.

    The forest predicts sample t from sample t-1. A tree over a single number is a staircase: it
    cuts the samples in two so that the means of both sides have the smallest squared error, and
    then cuts each side again. Every tree is trained on as many pairs of samples as there are, drawn
    with replacement at fixed places. The prediction is the mean of all trees. A tree knows its own
    pairs too well, so a kept pair is predicted by the trees that were not trained on it. Pairs with
    a missing sample are not used. A node without pairs is not quiescent.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> def window(*usage):
    ...     return Window(np.array([usage]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> history = History((window(2.0, 2.1, 1.9, 2.0),), window(2.0, 6.0, 1.0, 2.0), kept=4)
    >>> Forest().judge(history).quiescent.tolist()
    [False]
    """

    formula = (
        "abs(MAE(kept, out of bag) - MAE(new)) < tolerance*capacity of a forest trained on kept"
    )
    source = (
        "left unfinished by Jacquet, Ledoux, Rouvoy, IEEE TSUSC 9(5), 2024; "
        "docs/explanation/quiescence.md says how its tolerance was chosen"
    )

    trees: int = parameter(16, "trees whose mean is the prediction", low=1, high=1024)
    depth: int = parameter(2, "how often every step of a tree is cut in two", low=0, high=16)
    leaf: int = parameter(5, "least number of samples in a step", low=1)
    tolerance: float = parameter(0.004, "largest gap as a share of the capacity", low=0)

    def judge(self, history: History) -> Verdict:
        """Train on the kept windows, then compare the errors on them and on the new one."""
        try:
            from scroogevm.quiescence._forest_kernel import errors  # noqa: PLC0415  # heavy: imported by those who choose this test
        except ImportError:
            raise MissingExtraError("numba", "quiescence", "the forest test") from None
        # The kernel is compiled once, for contiguous and writable arrays, so these are copies.
        kept, new = history.earlier_usage.copy(), history.new.usage.copy()
        length = max(0, kept.shape[1] - 1)
        taken = np.array([draws(tree, 0, length) for tree in range(self.trees)])
        kept, new = errors(taken, self.depth, self.leaf, kept, new)
        limit = self.tolerance * history.capacity
        return Verdict.of({"mae": (new - kept, limit)}, mae_kept=kept, mae_new=new)
