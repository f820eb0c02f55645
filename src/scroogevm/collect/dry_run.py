"""Scrapes every node twice, and shows the result."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from scroogevm.collect.fetch import FEW
from scroogevm.collect.fleet import ScrapeLimits, contexts_of, node_of
from scroogevm.collect.node import Node, Round
from scroogevm.collect.settings import CollectSettings
from scroogevm.collect.target import Nodes
from scroogevm.telemetry.meter import Meter
from scroogevm.telemetry.report import lacking

_LONGEST = 15.0
"""Seconds between the two times at most."""

_AT_ONCE = 200


@dataclass(frozen=True)
class NodeCheck:
    """The result for a node.

    Attributes:
        node: its name.
        scraped: the result of the second scrape, or of the first if there was only one.
    """

    node: str
    scraped: Round

    @property
    def answers(self) -> bool:
        """Whether the node gives samples."""
        return self.scraped.sample is not None

    @property
    def failures(self) -> Sequence[str]:
        """The problems, by exporter."""
        return [
            f"{outcome.target.shown}: {outcome.failure}"
            for outcome in self.scraped.outcomes
            if outcome.failure is not None
        ]

    @property
    def dialects(self) -> Sequence[str]:
        """The dialects that it uses."""
        return list(dict.fromkeys(reading.dialect for reading in self.scraped.readings))

    @property
    def missing(self) -> Sequence[str]:
        """The missing values, and the consequences."""
        return lacking(self.scraped.readings) if self.answers or not self.failures else []

    def to_dict(self) -> Mapping[str, Any]:
        """The result as data for JSON."""
        sample = self.scraped.sample
        values = sample.values if sample else {}
        return {
            "node": self.node,
            "targets": [outcome.target.shown for outcome in self.scraped.outcomes],
            "dialects": self.dialects,
            "values": {name: value for name, value in values.items() if isfinite(value)},
            "vms": {
                vm: {
                    name: float(column[row])
                    for name, column in sample.vm_values.items()
                    if isfinite(column[row])
                }
                for row, vm in enumerate(sample.vms)
            }
            if sample
            else {},
            "failures": self.failures,
            "missing": self.missing,
        }


async def look(settings: CollectSettings, nodes: Nodes) -> Sequence[NodeCheck]:
    """Ask every node twice, an interval apart, since rates need two readings.

    Raises:
        MisuseError: what TLS needs is not there.
    """
    contexts = contexts_of(nodes)
    some = asyncio.Semaphore(_AT_ONCE)
    bounds = ScrapeLimits(settings.time_limit, settings.size_limit, asyncio.Semaphore(FEW))
    return await asyncio.gather(
        *(
            _look(node_of(name, targets, contexts, Meter(name), bounds), some)
            for name, targets in nodes.items()
        )
    )


async def _look(node: Node, some: asyncio.Semaphore) -> NodeCheck:
    async with some:
        first = await node.scrape()
    if first is None:
        raise AssertionError(node.name)  # no exporter has failed yet
    again = None
    if first.sample is not None:
        await asyncio.sleep(min(node.interval, _LONGEST))
        async with some:
            again = await node.scrape()
    await node.close()
    return NodeCheck(node.name, again if again and again.sample else first)
