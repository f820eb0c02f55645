"""Finds VMs that arrived after the last promise."""

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import History
from scroogevm.core.statistics import maximum
from scroogevm.core.without import without


def came(history: History) -> Bools:
    """Whether each VM arrived after the previous window of this slice, (vms,); all at first."""
    if not history.earlier:
        return np.ones(history.vms.ids.size, np.bool_)
    if history.since is None:
        return history.earlier[-1].vms.find(history.vms.ids) < 0
    return np.asarray(history.since > history.numbers[-1])


def foreseeable(history: History) -> Floats:
    """``o``: percentile 99 of the usage without VMs that arrived, (nodes,)."""
    return without(history.new, came(history))


def unseen(history: History) -> Floats:
    """Allocation of VMs that arrived, less their largest usage, (nodes,)."""
    arrived = came(history)
    vms = history.vms.only(arrived)
    shown = np.nan_to_num(maximum(vms.usage))
    return vms.per_node(np.maximum(0.0, vms.allocated - shown), history.nodes)
