"""Features of a node for the forecast of its next peak, without a unit."""

from collections.abc import Mapping, Sequence

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.history import History
from scroogevm.core.statistics import mean, std
from scroogevm.strategies._calibration.experts import BASES

_LAST = 3
"""Number of samples at the end of the new window that are features."""
_DAY = 86400.0
FEATURES: Sequence[str] = (
    *BASES, "mean", "std", *(f"last {back}" for back in range(_LAST)), "kept mean", "kept std",
    "vm std", "young", "sold", "vms number", "largest", "sine", "cosine",
)  # fmt: skip
"""Amounts are divided by the scale; the hour of the next window is a point on a circle."""


def features(history: History, of_bases: Mapping[str, Floats], scale: Floats) -> Floats:
    """The features, (features, nodes); NaN if unknown.

    Args:
        history: of the strategy.
        of_bases: every base, (nodes,).
        scale: (nodes,), above zero for nodes with data.
    """
    new, vms, nodes = history.new, history.vms, history.nodes
    sold = history.allocated.astype(np.float64)
    unit = np.where(scale > 0, scale, np.nan)
    samples = new.usage.shape[1]
    last = [
        new.usage[:, samples - 1 - back] if back < samples else np.full(nodes, np.nan)
        for back in range(_LAST)
    ]
    spread = np.nan_to_num(std(vms.usage)) if vms.ids.size else np.empty(0)
    young = history.vm_windows < history.kept
    largest = np.zeros(nodes)
    np.maximum.at(largest, vms.node, vms.allocated)
    following = history.end - history.seconds + history.slices * history.seconds
    angle = 2 * np.pi * (following % _DAY) / _DAY
    amounts = [
        *(of_bases[name] for name in BASES),
        new.mean,
        new.std,
        *last,
        mean(history.usage),
        std(history.usage),
        np.sqrt(vms.per_node(spread**2, nodes)),
        vms.per_node(np.where(young, vms.allocated, 0.0), nodes),
        sold,
    ]
    shares = [
        np.bincount(vms.node, minlength=nodes).astype(np.float64),
        largest / np.where(sold > 0, sold, np.nan),
        np.full(nodes, np.sin(angle)),
        np.full(nodes, np.cos(angle)),
    ]
    return np.stack([*(amount / unit for amount in amounts), *shares])
