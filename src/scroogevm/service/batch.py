"""Some nodes of a group that are read and judged together."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scroogevm.core.arrays import Floats
from scroogevm.core.snapshot import Snapshot
from scroogevm.ledger import Ledger
from scroogevm.runner import Runner
from scroogevm.scoring import Promises, Settled
from scroogevm.service.feed import Feed
from scroogevm.settlement import (
    Settlement,
    WindowRecord,
    restored_promises,
    snapshot_of_promises,
)

OFFERED = "offered"
"""The name in the ledger of the offers that were published, after guards."""
LARGEST = 500
"""Nodes in a batch."""


class Batch:
    """Some nodes and their whole state.

    Args:
        feed: cuts their windows.
        runner: judges them.
        slices: slices in a scope.

    Attributes:
        ledger: totals of the current day.
    """

    def __init__(self, feed: Feed, runner: Runner, slices: int) -> None:
        self.feed = feed
        self.runner = runner
        self.settlement = Settlement(slices)
        self.ledger = Ledger()
        self._offered = Promises()

    @property
    def nodes(self) -> Sequence[str]:
        """Names of the nodes."""
        return self.feed.nodes

    def settle(
        self, end: float, records: Mapping[str, WindowRecord], free: Mapping[str, Floats]
    ) -> None:
        """Add the results of promises and offers of the window before to the ledger.

        Args:
            end: of the window, seconds since 1970.
            records: promises of strategies and their results, by resource.
            free: published now, by resource, (nodes,).
        """
        said = {
            resource: (record.truth, {OFFERED: record.truth.capacity - free[resource]})
            for resource, record in records.items()
        }
        self._offered, settled = self._offered.then(self.nodes, 1, said)
        for resource, record in records.items():
            names = ([*record.strategies, OFFERED], self.nodes)
            both = _stacked(record.settled, settled[resource])
            self.ledger.add(end, resource, names, record.truth, both)

    def days(self) -> Mapping[int, Mapping[str, NDArray[Any]]]:
        """Totals by number of the day, as arrays by name; older days are dropped."""
        found: dict[int, dict[str, NDArray[Any]]] = {}
        for name, array in self.ledger.arrays().items():
            found.setdefault(int(name.partition("/")[0]), {})[name] = array
        if found:
            self.ledger.forget(max(found) * (self.ledger.period or 0.0))
        return found

    def renumber(self) -> None:
        """Give VMs new numbers if too many numbers belong to VMs that are gone."""
        now = self.feed.compact()
        if now is not None:
            self.settlement.renumber(now)
            self.runner.restore(self.runner.snapshot())  # matches VMs by name again

    def snapshot(self) -> Mapping[str, Snapshot]:
        """The whole state except totals, by part."""
        return {
            "feed": self.feed.snapshot(),
            "runner": self.runner.snapshot(),
            "settlement": self.settlement.snapshot(),
            "offered": snapshot_of_promises(self._offered),
        }

    def restore(self, parts: Mapping[str, Snapshot], totals: Mapping[str, NDArray[Any]]) -> None:
        """Continue from a snapshot, and from the totals of the day.

        Raises:
            ValueError: a part is not a snapshot.
            KeyError: a part is missing.
        """
        self.feed.restore(parts["feed"])
        self.runner.restore(parts["runner"])
        self.settlement.restore(parts["settlement"])
        self._offered = restored_promises(parts["offered"])
        self.ledger.restore(totals)


def _stacked(one: Settled, other: Settled) -> Settled:
    """The results of the promises of both."""
    names = [item.name for item in fields(Settled)]
    return Settled(**{n: np.concatenate([getattr(one, n), getattr(other, n)]) for n in names})
