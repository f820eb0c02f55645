"""The state of all nodes together: scores, losses and the level."""

from collections.abc import Mapping
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from scroogevm.core.arrays import Floats, Ints
from scroogevm.core.history import Pool
from scroogevm.strategies._calibration.sketch import BINS, quantiles

UNIT = 2.0**36
"""Losses are summed as whole numbers of ``1/UNIT``."""


@dataclass(frozen=True, eq=False)
class PoolState:
    """The pool, as arrays that the engine keeps.

    Attributes:
        total: (experts + 1, ``BINS``), scores of the last windows by bin; the last row is for the
            mixture of experts.
        keys: flat positions in ``total`` that each of these windows changed, window by window.
        counts: the numbers that were added there.
        sizes: (windows,), number of ``keys`` of each window, the oldest first.
        loss: (experts,), mean loss over nodes; 0 if none is known.
        level: (1,), share of scores that may currently be above q.
        q: (experts + 1,), quantile of the scores at that level; NaN without scores.
    """

    total: Ints
    keys: NDArray[np.int32]
    counts: NDArray[np.int32]
    sizes: Ints
    loss: Floats
    level: Floats
    q: Floats

    @classmethod
    def first(cls, risk: float, number: int) -> "PoolState":
        """An empty pool for a number of experts."""
        none = np.empty(0, np.int32)
        return cls(
            total=np.zeros((number + 1, BINS), np.int64),
            keys=none,
            counts=none,
            sizes=np.empty(0, np.int64),
            loss=np.zeros(number),
            level=np.array([risk]),
            q=np.full(number + 1, np.nan),
        )

    @classmethod
    def of(cls, pool: Pool, risk: float, number: int) -> "PoolState":
        """Read a pool for a number of experts; at first it is empty."""
        return cls(**pool) if pool else cls.first(risk, number)

    @property
    def size(self) -> int:
        """Node-windows in the pool."""
        return int(self.total[0].sum())

    @property
    def mixtures(self) -> int:
        """Node-windows in it with a forecast of the mixture."""
        return int(self.total[-1].sum())

    def then(
        self, told: Mapping[str, Ints], risk: float, gamma: float, windows: int
    ) -> "PoolState":
        """The pool after one more window.

        Args:
            told: ``scores`` (experts + 1, ``BINS``); ``losses`` (experts + 1,), sums in
                ``1/UNIT`` and number of nodes; ``promises`` (2,), number made and exceeded.
            risk: that was requested.
            gamma: speed with which the level follows the results.
            windows: number of windows to keep.
        """
        made, exceeded = told["promises"].tolist()
        level = self.level
        if made:
            moved = level + gamma * (risk - exceeded / made)
            level = np.clip(moved, risk / 5, min(0.5, 3 * risk))
        scores = told["scores"]
        new = np.flatnonzero(scores)
        keys = np.concatenate([self.keys, new.astype(np.int32)])
        counts = np.concatenate([self.counts, scores.ravel()[new].astype(np.int32)])
        sizes = np.append(self.sizes, new.size)
        total = self.total + scores
        old = int(sizes[:-windows].sum())
        np.subtract.at(total.reshape(-1), keys[:old], counts[:old])
        *sums, nodes = told["losses"].tolist()
        return PoolState(
            total=total,
            keys=keys[old:],
            counts=counts[old:],
            sizes=sizes[-windows:],
            loss=np.array(sums) / UNIT / nodes if nodes else self.loss,
            level=level,
            q=quantiles(total, float(level[0])),
        )

    def pool(self) -> Pool:
        """The arrays that the engine keeps."""
        return {item.name: getattr(self, item.name) for item in fields(self)}
