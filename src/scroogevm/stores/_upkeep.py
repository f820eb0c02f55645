"""Maintenance of a store (check, prune), and the error for stores that do not offer it."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.ports import Store

_HOLE = 2.5
"""A step of this many usual steps is a gap."""

_PIECE = 6 * 3600.0


@dataclass(frozen=True, eq=False)
class Outline:
    """When a node was seen.

    Attributes:
        node: its name.
        times: (samples,), ascending, seconds since 1970.
        vms: how many different VMs it had.
    """

    node: str
    times: Floats
    vms: int

    @property
    def interval(self) -> float | None:
        """The usual step between samples, seconds."""
        return float(np.median(np.diff(self.times))) if self.times.size > 1 else None

    @property
    def holes(self) -> Sequence[tuple[float, float]]:
        """The gaps in the samples: the times around each gap."""
        if self.interval is None:
            return []
        steps = np.diff(self.times)
        (after,) = np.nonzero(steps > _HOLE * self.interval)
        ends = zip(self.times[after].tolist(), self.times[after + 1].tolist(), strict=True)
        return list(ends)


class Maintainable(ABC):
    """A store whose files are ours to look after."""

    @property
    @abstractmethod
    def size(self) -> int:
        """Bytes on the disk."""

    @abstractmethod
    def outlines(self, since: float, until: float) -> Iterator[Outline]:
        """Each node with a sample in ``since <= time < until``, by name."""

    @abstractmethod
    def check(self, *, repair: bool = False) -> Iterator[str]:
        """The damaged parts, one line each; with ``repair`` they are removed, the rest is kept."""

    @abstractmethod
    def prune(self, before: float) -> int:
        """Remove samples from before a time; returns the number of samples of nodes.

        Some may stay until all that is packed with them is old enough.
        """


def outlines(store: Store, since: float, until: float) -> Iterator[Outline]:
    """Each node of any store with a sample in ``since <= time < until``, by name."""
    if isinstance(store, Maintainable):
        yield from store.outlines(since, until)
        return
    for node in store.nodes(since, until):
        times, vms = [np.empty(0)], set[str]()
        for start in np.arange(since, until, _PIECE).tolist():
            found = store.read([node], start, min(until, start + _PIECE), ("cpu",))
            times.append(found.nodes.time)
            vms.update(vm for _, vm in found.vms.owners)
        yield Outline(node, np.concatenate(times), len(vms))
