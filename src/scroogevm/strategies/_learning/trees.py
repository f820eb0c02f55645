"""Gradient boosting of a quantile, by scikit-learn; the same rows give the same trees."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from scroogevm.core.arrays import Floats, Ints
from scroogevm.errors import MissingExtraError
from scroogevm.strategies._learning.reservoir import WIDTH
from scroogevm.strategies._learning.sample import floats

if TYPE_CHECKING:
    from sklearn.ensemble import HistGradientBoostingRegressor

TREES, LEAVES, RATE, ROWS_A_LEAF = 120, 15, 0.07, 30
_REMEMBERED = 128


def check_there() -> None:
    """Raise an error if the library is missing.

    Raises:
        MissingExtraError: scikit-learn is not installed.
    """
    try:
        import sklearn  # noqa: F401, PLC0415  # an extra
    except ImportError:
        raise MissingExtraError("scikit-learn", "learn", "the strategy learned") from None


def predicted(training: Ints, quantile: float, features: Floats) -> Floats:
    """A quantile of the next result, (nodes,); 0 if nothing was fitted, or nothing is known.

    Args:
        training: (rows, ``WIDTH``).
        quantile: such as 0.99.
        features: (features, nodes).
    """
    nodes = features.shape[1]
    if not (training.size and nodes):
        return np.zeros(nodes)
    model = _fitted(np.ascontiguousarray(training).tobytes(), quantile)
    found: Any = model.predict(features.T)
    return np.where(np.isnan(features[0]), 0.0, found)


@lru_cache(maxsize=_REMEMBERED)
def _fitted(content: bytes, quantile: float) -> "HistGradientBoostingRegressor":
    from sklearn.ensemble import HistGradientBoostingRegressor  # noqa: PLC0415  # an extra

    rows = floats(np.frombuffer(content, np.int64).reshape(-1, WIDTH))
    model = HistGradientBoostingRegressor(
        loss="quantile",
        quantile=quantile,
        max_iter=TREES,
        max_leaf_nodes=LEAVES,
        learning_rate=RATE,
        min_samples_leaf=ROWS_A_LEAF,
        early_stopping=False,
        random_state=0,
    )
    return model.fit(rows[:, :-1], rows[:, -1])
