"""The rules of oVirt MoM and of Proxmox, as far as their documents and their effects tell them."""

from collections import deque
from dataclasses import dataclass, field

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.core.arrays import Bools, Floats


def nobody(facts: NodeFacts) -> tuple[Floats, Bools]:
    """No ballooning at all."""
    return facts.guests.maximum, np.zeros(facts.guests.count, np.bool_)


@dataclass
class Mom:
    """Below 20 % free all VMs shrink, else all grow.

    A guest keeps 20 % free, less the lower the host is, and nothing where the host is critical. It
    shrinks by 5 % of its size in a cycle, grows by 5 % or to what it should keep, and is left alone
    below 0.25 %. Its use is a mean over 50 s, and page cache is part of it, unless ``cache``.

    Attributes:
        cache: whether it is told ``usable`` in the place of ``unused``: it never is.
        low: share of the host below which it shrinks.
    """

    cache: bool = False
    low: float = 0.2
    used: "deque[Floats]" = field(default_factory=lambda: deque(maxlen=5))

    def __call__(self, facts: NodeFacts) -> tuple[Floats, Bools]:
        """A cycle."""
        guests = facts.guests
        size = guests.actual
        self.used.append(size - (guests.usable if self.cache else guests.unused))
        used = np.mean(np.array(self.used), axis=0)
        free = facts.host.available / facts.host.total
        if free < self.low:
            kept = free - 0.05 if free <= 0.05 else 0.2 * free / self.low
            wanted = np.minimum(np.maximum(used + kept * size, 0.95 * size), size)
        else:
            wanted = np.maximum(used + 0.2 * size, 1.05 * size)
        wanted = np.clip(wanted, guests.minimum, guests.maximum)
        small = np.abs(wanted - size) <= 0.0025 * size
        return np.where(small, size, wanted), np.zeros(guests.count, np.bool_)


@dataclass(frozen=True)
class Proxmox:
    """The host is kept at 80 %, within 10 MiB, by at most 100 MiB for each VM in a cycle.

    What a VM has above its minimum is levelled by shares, all alike here. VMs with more unused than
    a quarter of their minimum give first and get last.

    Attributes:
        target: share of the host.
    """

    target: float = 0.8

    def __call__(self, facts: NodeFacts) -> tuple[Floats, Bools]:
        """A cycle."""
        guests, host = facts.guests, facts.host
        goal = self.target * host.total - (host.total - host.available)
        size = guests.actual.copy()
        if abs(goal) > 10:
            rich = guests.unused > 0.25 * guests.minimum
            for those in (rich, ~rich) if goal < 0 else (~rich, rich):
                before = size.sum()
                size = _shared(size, facts, those, goal)
                goal -= size.sum() - before
                if abs(goal) < 1:
                    break
        return size, np.zeros(guests.count, np.bool_)


def _shared(size: Floats, facts: NodeFacts, those: Bools, goal: float) -> Floats:
    """Sizes after so many MiB went to, or came from, some VMs."""
    guests = facts.guests
    low = np.maximum(guests.minimum, guests.actual - 100)
    high = np.minimum(guests.maximum, guests.actual + 100)
    size, left = size.copy(), those.copy()
    while abs(goal) > 1e-6 and left.any():
        above = (size - guests.minimum)[left].sum() + goal
        wanted = guests.minimum + above / np.count_nonzero(left)
        new = np.clip(wanted, low, high)
        new = np.minimum(new, size) if goal < 0 else np.maximum(new, size)
        moved = np.where(left, new - size, 0.0)
        size = size + moved
        goal -= moved.sum()
        stuck = (new == low) | (new == high) | (np.abs(moved) < 1e-6)
        if not (left & stuck).any():
            break
        left &= ~stuck
    return size
