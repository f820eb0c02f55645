"""Finds the VMs of each node in a window from its samples; no later sample is read.

A sample of a node lists VMs, or it has no list, because the VMs are unknown. Only a sample that
lists VMs can say that one is gone. So a VM is there in a window if a sample of the window lists it;
in a window without any sample that lists, the VMs of the window before stay.
"""

from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints


@dataclass
class Presence:
    """Who is there, window after window.

    Attributes:
        here: (vms,), who was there in the newest window.
    """

    here: Bools

    def then(self, seen: Bools, listed: Bools) -> Bools:
        """Who is there in the window that follows, (vms,).

        Args:
            seen: (vms,), whom a sample of that window lists.
            listed: (vms,), whether any sample of that window lists VMs of the node of each.

        >>> presence = Presence(np.array([True, True, False]))
        >>> nobody = np.zeros(3, np.bool_)
        >>> presence.then(nobody, np.array([True, False, False])).tolist()
        [False, True, False]
        """
        self.here = seen | (self.here & ~listed)
        return self.here


def listing(counts: Floats, rows: Ints) -> Bools:
    """Which nodes are listed in a window, from what their samples say and what there is.

    A sample that lists more VMs than there are rows of lost some of them, so it cannot say who is
    gone.

    Args:
        counts: (nodes, samples), how many VMs each sample lists, NaN where it lists none because
            nobody could tell.
        rows: (nodes,), rows of VMs of the window.

    >>> counts = np.array([[1.0, np.nan], [np.nan, np.nan], [2.0, 2.0]])
    >>> listing(counts, np.array([1, 0, 3])).tolist()
    [True, False, False]
    """
    told = ~np.isnan(counts)
    return np.asarray(told.any(axis=1) & (rows >= np.where(told, counts, 0.0).sum(axis=1)))
