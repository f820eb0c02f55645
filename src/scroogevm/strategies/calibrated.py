"""The calibrated strategy: its one parameter is the share of windows with a shortfall."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.check import check
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History, Pool
from scroogevm.ports import Role, Strategy, Summary
from scroogevm.registry import parameter
from scroogevm.strategies._calibration.arrivals import foreseeable, unseen
from scroogevm.strategies._calibration.experts import (
    EXPERTS,
    VM_PERCENTILE,
    Experts,
    bases,
    laid_out,
    named,
)
from scroogevm.strategies._calibration.hours import Hours
from scroogevm.strategies._calibration.known import UNIT, PoolState
from scroogevm.strategies._calibration.mixing import mixed, weights
from scroogevm.strategies._calibration.sketch import counted
from scroogevm.strategies._calibration.words import words

ROUNDING = 1e-9
"""Share of capacity below which usage above a promise is rounding."""


@dataclass(frozen=True)
class Calibrated(Strategy):
    """The smallest demand that is exceeded in a stated share of windows, learned from all nodes.

    Experts forecast the next peak. The differences between the peaks of all nodes and the forecasts
    of an expert show how much to add to its forecast. Each node mixes the experts by their results
    on it, and the mixture is calibrated again. Until there are enough data, VMs count at their
    allocation.

    >>> import numpy as np
    >>> from scroogevm.core.window import VMs, Window
    >>> window = Window(np.array([[1.0, 3.0]]), np.array([8.0]), np.array([6.0]), VMs.none())
    >>> Calibrated().estimate(History((), window, kept=4)).demand.tolist()
    [6.0]
    """

    formula = (
        "mixture of base + q*scale over experts; q = quantile 1 - risk of what all nodes showed"
    )
    source = "split and adaptive conformal prediction (Vovk 2005; Gibbs, Candès 2021)"
    role: ClassVar[Role] = "recommended"
    pools: ClassVar[bool] = True
    explains: ClassVar[bool] = True
    experts: ClassVar[Experts] = EXPERTS

    risk: float = parameter(
        0.01, "share of windows in which p99 may exceed the demand", low=1e-4, high=0.5
    )
    windows: int = parameter(168, "windows whose scores are pooled", low=1)
    gamma: float = parameter(0.02, "how fast the level follows the outcomes", low=0, high=1)
    decay: float = parameter(0.98, "share of a loss that is left after a window", low=0, high=1)
    common: float = parameter(
        0.3, "weight of the mean loss over nodes, compared with the node's own", low=0
    )
    sharpness: float = parameter(
        10.0, "how much more an expert with a lower loss counts; 0 for equal weights", low=0
    )
    arrivals: float = parameter(
        1.0, "share of the unused allocation of new VMs that is added", low=0, high=1
    )

    @property
    def stated_risk(self) -> float:
        """The requested risk."""
        return self.risk

    @property
    def vm_percentile(self) -> float:
        """The percentile of the base ``vms``."""
        return VM_PERCENTILE

    def summarise(self, history: History) -> Summary:
        """Scores and losses of every expert, and the number of exceeded promises."""
        memo, none = history.memo, np.full(history.nodes, np.nan)
        seen, loss = self._outcome(history), self._losses(history)
        known = np.isfinite(loss[0])
        sums = np.rint(loss[:, known] * UNIT).astype(np.int64).sum(axis=1)
        told = memo.get("told", none)
        made = np.isfinite(told) & np.isfinite(seen)
        exceeded = made & (seen - told > ROUNDING * history.capacity)
        return {
            "scores": counted(*self._scores(history, seen)),
            "losses": np.append(sums, np.count_nonzero(known)),
            "promises": np.array([np.count_nonzero(made), np.count_nonzero(exceeded)], np.int64),
        }

    def pool(self, before: Pool, summary: Summary) -> Pool:
        """Scores of the last windows, the level that keeps the rate, and each expert's q."""
        known = PoolState.of(before, self.risk, len(self.experts))
        return known.then(summary, self.risk, self.gamma, self.windows).pool()

    def estimate(self, history: History) -> Estimate:
        """The forecasts of the experts, weighted by their results on a node, and the addition."""
        known = self._known(history.pool)
        hours = Hours.then(history.memo, history.end - history.seconds, history.new.p99)
        of_bases, sold = self._bases(history, hours), history.allocated.astype(np.float64)
        base, scale = laid_out(of_bases, sold, self.experts)
        whole = _kept(history)
        enough = max(50, 1 / self.risk)
        ready = (whole > 0) & (known.size >= enough)
        loss = self._losses(history)
        promise = np.minimum(sold, base + known.q[:-1, np.newaxis] * scale)
        promise = np.where(ready, promise, np.nan)
        weight = weights(loss, known.loss, self.common, self.sharpness)
        foreseen, extra = mixed(weight, promise), self.arrivals * unseen(history)
        q = known.q[-1] if known.mixtures >= enough else 0.0
        margin = q * scale[0]
        demand = np.clip(foreseen + margin + extra, 0.0, sold)
        best = np.argmax(weight, axis=0)
        memo = {
            **{f"_base/{name}": array for name, array in of_bases.items()},
            **{f"_promise/{name}": promise[at] for at, name in enumerate(named(self.experts))},
            **{f"_loss/{name}": loss[at] for at, name in enumerate(named(self.experts))},
            **hours.arrays(),
            "sold": sold,
            "whole": whole,
            "foreseen": foreseen,
            "told": demand,
            "window": np.full(history.nodes, float(history.number)),
            "expert": best.astype(np.float64),
            "weight": weight.max(axis=0),
            "q": known.q[best],
            "margin": margin,
            "unseen": extra,
            "level": np.full(history.nodes, known.level[0]),
            "pool": np.full(history.nodes, float(known.size)),
        }
        return Estimate(np.where(np.isfinite(demand), demand, sold), memo)

    def explain(self, memo: Mapping[str, float], unit: str) -> str:
        """The expert with the largest weight, its excess before, and the addition."""
        return words(memo, unit, self.experts)

    def _bases(self, history: History, hours: Hours) -> dict[str, Floats]:
        """Every base, (nodes,)."""
        return bases(history, hours)

    def _known(self, pool: Pool) -> PoolState:
        """The pool of all nodes together."""
        return PoolState.of(pool, self.risk, len(self.experts))

    def _scores(self, history: History, seen: Floats) -> tuple[Floats, Bools]:
        """Usage above each base, in scales, and above the mixture, (experts+1, nodes).

        The second array says for which nodes it is known.
        """
        memo, none = history.memo, np.full(history.nodes, np.nan)
        sold, whole = memo.get("sold", none), memo.get("whole", none)
        judged = np.isfinite(seen) & (sold > 0) & (whole > 0)
        if not judged.any():
            nothing = (len(self.experts) + 1, 0)
            return np.zeros(nothing), np.zeros(nothing, np.bool_)
        old = {base: memo[f"_base/{base}"][judged] for base, _ in self.experts}
        base, scale = laid_out(old, sold[judged], self.experts)
        base = np.concatenate([base, memo["foreseen"][np.newaxis, judged]])
        scale = np.concatenate([scale, scale[:1]])
        scores = (seen[judged] - base) / scale
        return scores, np.isfinite(scores)

    def _outcome(self, history: History) -> Floats:
        """``o`` if the memo is of the window before, else NaN, (nodes,)."""
        window = history.memo.get("window")
        if window is None or not history.numbers:
            return np.full(history.nodes, np.nan)
        return np.where(window == history.numbers[-1], foreseeable(history), np.nan)

    def _losses(self, history: History) -> Floats:
        """Current losses of every expert on every node, (experts, nodes); NaN for none yet."""
        memo, none = history.memo, np.full(history.nodes, np.nan)
        names = named(self.experts)
        old = np.stack([memo.get(f"_loss/{name}", none) for name in names])
        promise = np.stack([memo.get(f"_promise/{name}", none) for name in names])
        room = np.where(history.capacity > 0, history.capacity, np.nan)
        new = check((self._outcome(history) - promise) / room, self.risk)
        return np.where(np.isnan(new), old, self.decay * np.nan_to_num(old) + new)


def _kept(history: History) -> Floats:
    """1 if there are K windows with samples, including the new one, else 0, (nodes,)."""
    if len(history.windows) < history.kept:
        return np.zeros(history.nodes)
    full = np.logical_and.reduce([window.present > 0 for window in history.windows])
    return np.asarray(full, np.float64)
