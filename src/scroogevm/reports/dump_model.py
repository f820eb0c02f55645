"""The tiers and statistics of each occurrence in the predecessor's dump."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.estimate import Estimate
from scroogevm.core.window import Occurrence, Window
from scroogevm.ports import CPU, RESOURCES

PERCENTILES = (*range(10, 90, 5), *range(90, 100))
_STATISTICS: Mapping[str, Callable[[Window], Floats]] = {
    "config": lambda window: window.capacity,
    "avg": lambda window: window.mean,
    "std": lambda window: window.std,
    "max": lambda window: window.maximum,
}


def tiers(resource: str, demand: Floats, capacity: Floats) -> tuple[Floats, Floats, Floats]:
    """Tiers 0 to 2 as the predecessor rounds them: cpu to 0.1 core, memory down to whole MiB.

    >>> [tier.tolist() for tier in tiers("cpu", np.array([2.26]), np.array([8.0]))]
    [[2.3], [0.0], [5.7]]
    >>> [tier.tolist() for tier in tiers("mem", np.array([2.26]), np.array([8.0]))]
    [[2.0], [0.0], [6.0]]
    """
    cut = (lambda values: np.round(values, 1)) if resource == CPU else np.trunc
    first = cut(demand) + 0.0  # no minus zero
    second = np.where(np.isnan(first), np.nan, 0.0)
    return first, second, np.maximum(0.0, cut(capacity - second - first))


def model(
    occurrences: Sequence[Occurrence], estimates: Sequence[Mapping[str, Estimate]]
) -> Mapping[str, Floats]:
    """``model`` of one strategy: (windows, nodes) by key.

    Args:
        occurrences: the windows of a chunk.
        estimates: by window, then by resource.
    """
    columns: dict[str, Floats] = {}
    for resource in RESOURCES:
        capacity = np.stack([one.windows[resource].capacity for one in occurrences])
        demand = np.stack([estimate[resource].demand for estimate in estimates])
        for number, tier in enumerate(tiers(resource, demand, capacity)):
            columns[f"{resource}_tier{number}"] = tier
        columns[f"free_{resource}"] = columns[f"{resource}_tier2"]
    return columns


def stable(estimates: Sequence[Mapping[str, Estimate]], nodes: int) -> Mapping[str, Bools]:
    """``*_stable_state`` of one strategy: one that runs no test is stable, as it was there."""
    return {
        f"{resource}_stable_state": np.stack(
            [_stable(estimate[resource], nodes) for estimate in estimates]
        )
        for resource in RESOURCES
    }


def _stable(estimate: Estimate, nodes: int) -> Bools:
    verdict = estimate.verdict
    return np.ones(nodes, np.bool_) if verdict is None else verdict.quiescent


def statistics(occurrences: Sequence[Occurrence]) -> Mapping[str, Floats]:
    """Statistics of the nodes: (windows, nodes) by key."""
    columns = {
        f"{resource}_{name}": np.stack([of(one.windows[resource]) for one in occurrences])
        for name, of in _STATISTICS.items()
        for resource in RESOURCES
    }
    for resource in RESOURCES:
        allocated = [one.windows[resource].allocated for one in occurrences]
        columns[f"booked_{resource}"] = np.stack(allocated)
    return columns


def percentiles(occurrences: Sequence[Occurrence], resource: str) -> Floats:
    """Percentiles of the nodes, (windows, nodes, ``PERCENTILES``)."""
    ranked = [one.windows[resource].ranked for one in occurrences]
    return np.stack([np.stack([one.percentile(p) for p in PERCENTILES], axis=-1) for one in ranked])
