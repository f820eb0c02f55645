"""Computes the usage of nodes without some of their VMs."""

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.statistics import Ranked, aggregate
from scroogevm.core.window import Window


def without(window: Window, left_out: Bools) -> Floats:
    """Percentile 99 of the usage without some VMs, sample by sample and not below 0, (nodes,).

    If node and VMs were not sampled at the same times, it is the percentile of the whole usage.

    Args:
        window: with the samples of its VMs.
        left_out: (vms,), whether to leave out each VM.
    """
    if not left_out.any() or window.usage.shape[1] != window.vms.usage.shape[1]:
        return window.p99
    vms = window.vms.only(left_out)
    rows = np.unique(vms.node)
    theirs = vms.sum_rows(np.nan_to_num(vms.usage), window.nodes)[rows]
    others = np.maximum(0.0, window.usage[rows] - theirs)
    peak = window.p99.copy()
    peak[rows] = Ranked.of(aggregate(others, window.aggregation)).percentile(99)
    return peak
