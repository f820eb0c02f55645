"""The learned strategy: calibrated with one more expert, trees that learn from all nodes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.core.arrays import Floats, Ints
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History, Memo, Pool
from scroogevm.ports import Role, Summary
from scroogevm.registry import parameter
from scroogevm.strategies._calibration.experts import BASES, EXPERTS, Experts, scales
from scroogevm.strategies._calibration.hours import Hours
from scroogevm.strategies._calibration.known import PoolState
from scroogevm.strategies._learning.features import FEATURES, features
from scroogevm.strategies._learning.reservoir import Reservoir
from scroogevm.strategies._learning.sample import table
from scroogevm.strategies._learning.trees import check_there, predicted
from scroogevm.strategies.calibrated import Calibrated


@dataclass(frozen=True)
class Learned(Calibrated):
    """Like calibrated, with gradient boosting as one more expert.

    Trees are fitted on a sample of all nodes from time to time. Their forecast is one more expert,
    which is calibrated and mixed like the others. Until there are enough data, they add nothing.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> window = Window(np.array([[1.0, 3.0]]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> Learned().estimate(History((), window, kept=4)).demand.tolist()
    [6.0]
    """

    formula = "calibrated with one more base: kept + scale * quantile of gradient boosting"
    source = "quantile gradient boosting (Friedman 2001; scikit-learn's histograms)"
    role: ClassVar[Role] = "candidate"
    on_request: ClassVar[bool] = True
    experts: ClassVar[Experts] = (*EXPERTS, ("learned", "used"))

    refit: int = parameter(48, "windows after which trees are fitted again", low=1)
    rows: int = parameter(50_000, "rows that they are fitted on, at most", low=300, high=10**7)
    lasts: int = parameter(840, "windows after which a row is too old", low=1)

    def __post_init__(self) -> None:
        """Raise an error if the library is missing."""
        super().__post_init__()
        check_there()

    def summarise(self, history: History) -> Summary:
        """Like calibrated, with rows of nodes: the features, and the results."""
        return {**super().summarise(history), "learned": self._rows(history)}

    def pool(self, before: Pool, summary: Summary) -> Pool:
        """Like calibrated, with the rows of the last windows."""
        rows = Reservoir.of(before).then(summary["learned"], self.refit, self.rows, self.lasts)
        return {**super().pool(Reservoir.without(before), summary), **rows.pool()}

    def estimate(self, history: History) -> Estimate:
        """Like calibrated, with the features of each node, for the next window."""
        answer = super().estimate(history)
        known = self._features(history, answer.memo)
        memo = {f"_feature/{name}": known[at] for at, name in enumerate(FEATURES)}
        return Estimate(answer.demand, {**answer.memo, **memo})

    def _bases(self, history: History, hours: Hours) -> dict[str, Floats]:
        """The bases of calibrated, and the forecast of the trees."""
        found = super()._bases(history, hours)
        scale = _scale(found, history)
        training = Reservoir.of(history.pool).training
        foreseen = predicted(training, 1 - self.risk, features(history, found, scale))
        return {**found, "learned": found["kept"] + foreseen * scale}

    def _known(self, pool: Pool) -> PoolState:
        return super()._known(Reservoir.without(pool))

    def _features(self, history: History, memo: Memo) -> Floats:
        found = {name: memo[f"_base/{name}"] for name in BASES}
        return features(history, found, _scale(found, history))

    def _rows(self, history: History) -> Ints:
        """Tables of the features a window ago, and of the results."""
        memo, nodes = history.memo, history.nodes
        nothing = np.full(nodes, np.nan)
        known = np.stack([memo.get(f"_feature/{name}", nothing) for name in FEATURES])
        kept, vms = memo.get("_base/kept", nothing), memo.get("_base/vms", nothing)
        scale = scales(kept, vms, memo.get("sold", nothing))["used"]
        came = (self._outcome(history) - kept) / np.where(scale > 0, scale, np.nan)
        rows = np.concatenate([known, came[np.newaxis]])
        whole = memo.get("whole", nothing) > 0
        return table(history.names, history.number, rows, np.flatnonzero(np.isfinite(came) & whole))


def _scale(found: Mapping[str, Floats], history: History) -> Floats:
    sold = history.allocated.astype(np.float64)
    return scales(found["kept"], found["vms"], sold)["used"]
