"""Experts: forecasts of a node's next peak, each a base and a scale of the excess.

A demand is ``base + q*scale``. q is the quantile of what happened on all nodes.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.history import History
from scroogevm.core.statistics import percentile
from scroogevm.strategies._calibration.hours import Hours

BASES: Mapping[str, str] = {
    "kept": "the percentile 99 of the kept windows",
    "recent": "the percentile 99 of the new window",
    "vms": "the sum of the percentiles 99 of its VMs",
    "day": "the peak of the last 24 hours",
    "season": "the recent usage of the node and its VMs, and that at this hour of other days",
}
SCALES: Mapping[str, str] = {
    "used": "the root of its usage times its allocation",
    "sold": "allocation of its VMs",
    "vms": "the root of its usage times the usage of its single VMs",
}
EXPERTS = tuple((base, scale) for base in BASES for scale in SCALES)
"""The experts; of equally good ones, the first is used."""
Experts = Sequence[tuple[str, str]]
"""A base and a scale each."""
VM_PERCENTILE = 99.0
"""The percentile of VMs that is summed."""
LEAST = 0.001
"""Smallest usage in scales, as a share of the allocation."""


def bases(history: History, hours: Hours) -> dict[str, Floats]:
    """Every base, (nodes,); NaN for a node without samples."""
    kept = percentile(history.usage, 99)
    vms, peak = history.vms, history.vm_percentile(VM_PERCENTILE)
    young = (history.vm_windows < history.kept) | np.isnan(peak)
    one_by_one = vms.per_node(np.where(young, vms.allocated, peak), history.nodes)
    following = history.end - history.seconds + history.slices * history.seconds
    seen = hours.same(following)
    seen = np.where(np.isnan(seen), kept, seen)
    return {
        "kept": kept,
        "recent": history.new.p99,
        "vms": one_by_one,
        "day": np.fmax(hours.largest(), kept),
        "season": (kept + one_by_one + seen) / 3,
    }


def scales(kept: Floats, vms: Floats, sold: Floats) -> dict[str, Floats]:
    """Every scale, (nodes,), of two bases and the allocation."""
    used = np.maximum(kept, LEAST * sold)
    return {
        "used": np.sqrt(used * sold),
        "sold": sold,
        "vms": np.sqrt(used * np.maximum(vms, LEAST * sold)),
    }


def laid_out(
    of_bases: Mapping[str, Floats], sold: Floats, experts: Experts
) -> tuple[Floats, Floats]:
    """Base and scale of each expert, (experts, nodes) each."""
    by_name = scales(of_bases["kept"], of_bases["vms"], sold)
    return (
        np.stack([of_bases[base] for base, _ in experts]),
        np.stack([by_name[scale] for _, scale in experts]),
    )


def named(experts: Experts) -> Sequence[str]:
    """A name for each expert."""
    return [f"{base}+{scale}" for base, scale in experts]
