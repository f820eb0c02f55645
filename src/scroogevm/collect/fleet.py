"""The collector: one task for each node, one for writing, one for changes of targets."""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import NamedTuple

from scroogevm.collect.fetch import Fetcher
from scroogevm.collect.node import Node
from scroogevm.collect.outbox import Outbox
from scroogevm.collect.schedule import next_tick, phase
from scroogevm.collect.self_metrics import Figures
from scroogevm.collect.source import Exporter
from scroogevm.collect.speaker import CollectLog, Say
from scroogevm.collect.target import Nodes, Target, Trust
from scroogevm.telemetry.meter import Meter

Contexts = Mapping[Trust, ssl.SSLContext]

_FIRST = 5.0
"""Seconds within which a few nodes are scraped for the first time."""

_LEARNING = 0.05
"""Seconds more for each of many: the first body of an exporter takes that long to learn."""


class ScrapeLimits(NamedTuple):
    """Limits of an exporter.

    Attributes:
        seconds: of a scrape.
        size: bytes of its answer, unpacked.
        few: shared by all that may hold a large answer.
    """

    seconds: float
    size: int
    few: asyncio.Semaphore


@dataclass
class Fleet:
    """All nodes. Each is scraped by its own task, which other nodes cannot stop.

    Attributes:
        outbox: takes the samples.
        figures: counts.
        say: prints a line.
        bounds: what an exporter may take.
    """

    outbox: Outbox
    figures: Figures
    say: Say
    bounds: ScrapeLimits
    _tasks: "dict[str, asyncio.Task[None]]" = field(default_factory=dict, init=False)
    _known: dict[str, Sequence[Target]] = field(default_factory=dict, init=False)
    _meters: dict[str, Meter] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self._speaker = CollectLog(self.say)

    async def set(self, nodes: Nodes) -> None:
        """Scrape these nodes from now on; those that are as they were are left alone.

        Raises:
            MisuseError: what TLS needs is not there; nothing is changed then.
        """
        changed = {
            name: targets for name, targets in nodes.items() if targets != self._known.get(name)
        }
        contexts = contexts_of(changed)
        for name in [name for name in self._known if name not in nodes or name in changed]:
            await self._end(name)
        for name in [name for name in self._meters if name not in nodes]:
            del self._meters[name], self.figures.last[name]
        for name, targets in changed.items():
            self._known[name] = targets
            self.figures.last.setdefault(name, None)
            meter = self._meters.setdefault(name, Meter(name))
            meter.keep({target.url for target in targets})
            node = node_of(name, targets, contexts, meter, self.bounds)
            self._tasks[name] = asyncio.create_task(self._watch(node, len(changed)), name=name)

    async def close(self) -> None:
        """Scrape no more."""
        for name in list(self._known):
            await self._end(name)

    async def _end(self, name: str) -> None:
        task = self._tasks.pop(name)
        del self._known[name]
        self._speaker.forget(name)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    async def _watch(self, node: Node, fellows: int) -> None:
        """Scrape a node at its times, which begin together with those of so many others."""
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(phase(node.name, min(node.interval, _FIRST) + _LEARNING * fellows))
            while True:
                began = loop.time()
                try:
                    await self._scrape(node)
                except Exception as error:  # noqa: BLE001  # a fault of ours ends no node
                    self.say(f"{node.name}: cannot be scraped: {error!r}")
                interval, now = node.interval, loop.time()
                due = next_tick(now, interval, phase(node.name, interval))
                self.figures.skipped += int((now - began) / interval)
                await asyncio.sleep(due - now)
        finally:
            await node.close()

    async def _scrape(self, node: Node) -> None:
        scraped = await node.scrape()
        if scraped is None:
            return
        self.figures.count(scraped)
        self.figures.oddities.update(node.meter.oddities)
        node.meter.oddities.clear()
        self._speaker.hear(scraped, len(node.sources))
        if scraped.sample is not None:
            self.outbox.put(scraped.sample)


def contexts_of(nodes: Nodes) -> Contexts:
    """What TLS needs, once for all targets that trust the same.

    Raises:
        MisuseError: files hold nothing of the kind.
    """
    targets = [target for each in nodes.values() for target in each]
    secured = {target.trust for target in targets if target.url.startswith("https:")}
    unused = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # has not read the system's certificates
    return {t.trust: t.trust.context() if t.trust in secured else unused for t in targets}


def node_of(
    name: str, targets: Sequence[Target], contexts: Contexts, meter: Meter, bounds: ScrapeLimits
) -> Node:
    """A node, ready to be scraped."""
    sources = [
        Exporter(name, target, _fetcher(target, contexts, bounds), bounds.size)
        for target in targets
    ]
    return Node(name, sources, meter, bounds.seconds)


def _fetcher(target: Target, contexts: Contexts, bounds: ScrapeLimits) -> Fetcher:
    return Fetcher(target, contexts[target.trust], bounds.size, bounds.few)
