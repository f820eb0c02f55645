"""One exporter of a node over time: its answers, its failures, and the time of the next scrape."""

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from random import Random

from scroogevm.collect.body_layout import BodyLimits, Counts
from scroogevm.collect.exposition import Parser
from scroogevm.collect.failure import ScrapeFailedError
from scroogevm.collect.fetch import Fetcher
from scroogevm.collect.schedule import pause
from scroogevm.collect.target import Target
from scroogevm.errors import ScrapeError
from scroogevm.telemetry.reading import Reading

_AT_ONCE = 1 << 20
"""Bytes of a body above which the others do not wait until it is read."""

_REST = 4.0
"""Smallest pause of an exporter in multiples of its reading time, so that none uses a core."""


@dataclass(frozen=True)
class ScrapeResult:
    """The result of one scrape of an exporter.

    Attributes:
        target: which.
        seconds: that it took.
        size: bytes of its answer.
        readings: of the answer.
        counts: of its lines.
        failure: why there is nothing, if there is nothing.
    """

    target: Target
    seconds: float
    size: int = 0
    readings: Sequence[Reading] = ()
    counts: Counts = field(default_factory=Counts)
    failure: ScrapeFailedError | None = None


class Exporter:
    """One exporter of a node.

    Args:
        node: name of the node.
        target: the exporter.
        fetcher: asks it.
        limit: bytes of a body.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        node: str,
        target: Target,
        fetcher: Fetcher,
        limit: int,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.target = target
        self._fetcher = fetcher
        self._parser = Parser(target.dialects, node, target.url, BodyLimits(size=limit))
        self._clock = clock
        self._failures = 0
        self._not_before = 0.0
        self._random = Random(f"{node} {target.url}")  # noqa: S311  # spreads load, hides nothing

    def is_due(self, now: float) -> bool:
        """Whether it may be scraped, at a time on the loop's clock."""
        return now >= self._not_before

    async def ask(self, seconds: float, interval: float) -> ScrapeResult:
        """Ask once.

        Args:
            seconds: that it may take.
            interval: seconds until the next scrape, if it succeeds.
        """
        began = time.perf_counter()
        at = self._clock()
        size = 0
        try:
            async with AsyncExitStack() as held:
                body = await self._fetcher.fetch(seconds, held)
                size = len(body)
                came = time.perf_counter()
                readings = await self._read(body, at)
        except ScrapeFailedError as failure:
            return self._failed(failure, time.perf_counter() - began, size, interval)
        self._failures = 0
        now = time.perf_counter()
        passed = now - began
        self._not_before = asyncio.get_running_loop().time() + _REST * (now - came)
        return ScrapeResult(self.target, passed, size, readings, self._parser.counts)

    async def _read(self, body: bytes, at: float) -> Sequence[Reading]:
        try:
            if len(body) > _AT_ONCE:
                return await asyncio.to_thread(self._parser.read, body, at)
            return self._parser.read(body, at)
        except ScrapeError as error:
            raise ScrapeFailedError.of("garbage", error.problem, error.remedy) from None
        except Exception as error:  # noqa: BLE001  # whatever it was, the others go on
            raise ScrapeFailedError.of("garbage", f"cannot be read: {error!r}"[:200]) from None

    def _failed(
        self, failure: ScrapeFailedError, seconds: float, size: int, interval: float
    ) -> ScrapeResult:
        self._failures += 1
        wait = pause(self._failures, interval, self._random.random())
        self._not_before = asyncio.get_running_loop().time() + wait - seconds
        return ScrapeResult(self.target, seconds, size, failure=failure)

    async def close(self) -> None:
        """End its connection."""
        await self._fetcher.__aexit__()
