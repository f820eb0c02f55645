"""The facts of one node and its VMs at the start of a cycle: all input of the policy."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Bools, Floats, Ints


@dataclass(frozen=True)
class Host:
    """A node. MiB and seconds; NaN if unknown.

    Attributes:
        total: memory that the node has.
        available: memory that it could give without swapping, its ``MemAvailable``.
        some: PSI, share of the last seconds in which some task waited for memory, 0 to 1.
        full: PSI, share in which every task did.
        swap_in: read back from swap, MiB/s.
    """

    total: float
    available: float
    some: float = np.nan
    full: float = np.nan
    swap_in: float = np.nan


@dataclass(frozen=True, eq=False)
class Guests:
    """The VMs of a node that run. Arrays are over VMs: MiB, seconds, NaN if unknown.

    Attributes:
        uuid: of each VM.
        name: as libvirt has it.
        maximum: what the VM was promised: its balloon is never larger. Where it was smaller than
            the VM's memory before this program first shrank it, that size.
        actual: what its balloon leaves to it now.
        minimum: below which it is never shrunk: its metadata, flavor or the settings say so.
        available: memory that the guest sees.
        unused: of it, what holds nothing.
        usable: of it, what the guest could give without swapping; NaN where it cannot tell.
        rss: what the host holds for it.
        need: its working set: a high percentile of available - usable over the look-back.
        looked: seconds of the look-back that samples cover.
        age: seconds since the guest refreshed its statistics; infinite where it never did.
        swap_in: read back from the swap of the guest, MiB/s.
        faults: major page faults of the guest, 1/s.
        pressure: PSI of memory within the guest, share in which some task waited, 0 to 1.
        weight: its shares of memory against those of the others, > 0.
        up: seconds since it was started.
        asked: what this program last asked its balloon to be; NaN where it asked for nothing.
        since: seconds since this program last asked; infinite where it never did.
        calm: seconds since it last had to be released; infinite where it never had.
        ignored: requests in a row that its balloon did not follow.
        device: whether it has a balloon at all.
        period: seconds between refreshes of its statistics, 0 for never.
        running: whether it runs, and is not paused, shut off in this moment or crashed.
        migrating: whether it is being migrated, saved, restored or dumped.
        locked: whether its memory is locked.
        hugepages: whether its memory is in huge pages.
        passthrough: whether a device of the host is passed to it (VFIO): its memory is pinned.
        taken: whether somebody else changed its size after this program did.
    """

    uuid: Sequence[str]
    name: Sequence[str]
    maximum: Floats
    actual: Floats
    minimum: Floats
    available: Floats
    unused: Floats
    usable: Floats
    rss: Floats
    need: Floats
    looked: Floats
    age: Floats
    swap_in: Floats
    faults: Floats
    pressure: Floats
    weight: Floats
    up: Floats
    asked: Floats
    since: Floats
    calm: Floats
    ignored: Ints
    device: Bools
    period: Floats
    running: Bools
    migrating: Bools
    locked: Bools
    hugepages: Bools
    passthrough: Bools
    taken: Bools

    @property
    def count(self) -> int:
        """Number of VMs."""
        return int(self.actual.size)

    @property
    def used(self) -> Floats:
        """What each guest uses: available - usable, (vms,); NaN where it cannot tell."""
        return self.available - self.usable


@dataclass(frozen=True, eq=False)
class NodeFacts:
    """One node at the start of a cycle.

    Attributes:
        node: its name.
        host: the node.
        guests: its VMs.
        interval: seconds from one cycle to the next.
    """

    node: str
    host: Host
    guests: Guests
    interval: float = 10.0
