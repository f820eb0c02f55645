"""Iterates over the kept windows."""

from collections.abc import Sequence

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.history import History


def kept_windows(history: History) -> Sequence[Floats]:
    """The samples of each kept window; joined samples are cut to the length of the new window.

    Returns:
        (nodes, samples) each, at least one.
    """
    if len(history.earlier) > 1:
        return [window.usage for window in history.earlier]
    joined = history.earlier_usage
    pieces = max(1, round(joined.shape[1] / max(1, history.new.usage.shape[1])))
    return np.array_split(joined, pieces, axis=1)
