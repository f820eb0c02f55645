"""The series that figures are drawn from: of the fleet, or of one node."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.statistics import divide
from scroogevm.sinks.record import Answer, Pair, Record
from scroogevm.sinks.verdicts import Verdicts

USAGE = ("capacity", "allocated", "mean", "p99", "peak")
FACTS = ("demand", "free", "shortfall", "ratio", "misprediction", "violation")
SHARES = ("ratio", "misprediction", "violation")
"""These are fractions of capacity: of a fleet, means over its nodes; all others are sums."""


@dataclass(frozen=True, eq=False)
class Panel:
    """One node, or the fleet, window by window; arrays are (windows,), NaN where missing.

    Attributes:
        name: of the node, empty for the fleet.
        hours: from the origin to the end of each window.
        usage: by resource, then by the names of ``USAGE``.
        said: by resource and strategy, then by the names of ``FACTS``. ``demand`` is what a
            scheduler is told, ``misprediction`` the predecessor's, signed, over capacity, and
            ``violation`` what of it was promised and not there.
        verdicts: what quiescence tests said, by resource and strategy; none of a fleet.
    """

    name: str
    hours: Floats
    usage: Mapping[str, Mapping[str, Floats]]
    said: Mapping[Pair, Mapping[str, Floats]]
    verdicts: Mapping[Pair, Verdicts] = field(default_factory=dict)

    @property
    def resources(self) -> Sequence[str]:
        """The resources it has, in order."""
        return list(self.usage)

    def strategies(self, resource: str) -> Sequence[str]:
        """The strategies that spoke of a resource, in order."""
        return [strategy for owner, strategy in self.said if owner == resource]


def usage_of(record: Record, resource: str) -> Mapping[str, Floats]:
    """What ``USAGE`` names, (windows, nodes)."""
    truth = record.truth[resource]
    return {
        "capacity": truth.capacity,
        "allocated": truth.allocated,
        "mean": record.mean[resource],
        "p99": truth.p99,
        "peak": truth.peak,
    }


def facts_of(record: Record, answer: Answer) -> Mapping[str, Floats]:
    """What ``FACTS`` names, (windows, nodes)."""
    capacity = record.truth[answer.resource].capacity
    judged = answer.judged
    wrong = divide(judged.misprediction, capacity)
    return {
        "demand": answer.told,
        "free": judged.free,
        "shortfall": judged.shortfall,
        "ratio": judged.ratio,
        "misprediction": wrong,
        "violation": np.maximum(0.0, -wrong),
    }


def in_force(promises: Floats) -> Floats:
    """What was promised for each window: at the end of the one before; NaN for the first."""
    return np.concatenate([[np.nan], promises[:-1]])


def cumulated(shares: Floats) -> Floats:
    """Running sum in which a window that says nothing counts nothing."""
    return np.cumsum(np.nan_to_num(shares))


def absolute(said: Mapping[str, Floats]) -> Floats:
    """``|misprediction|``; of a fleet, the mean over its nodes of it.

    Of each node, ``|m| = m + 2*max(0, -m)``; the right side is linear, so it holds for means too.
    """
    return said["misprediction"] + 2 * said["violation"]
