"""Scrapes all exporters of one node at once, and joins their answers."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scroogevm.collect.schedule import time_limit
from scroogevm.collect.source import Exporter, ScrapeResult
from scroogevm.core.samples import Sample
from scroogevm.telemetry.dialect_source import Trouble
from scroogevm.telemetry.meter import Meter
from scroogevm.telemetry.reading import Reading

DEFAULT_INTERVAL = 5.0
"""Seconds between scrapes, if neither the user nor the exporter sets them."""

_ANNOUNCED = 1.0, 300.0
"""Limits of all exporters."""


@dataclass(frozen=True)
class Round:
    """The result of one tick of a node.

    Attributes:
        node: its name.
        outcomes: of the exporters that were scraped.
        sample: of all their values; None if there are none.
        troubles: begin of each trouble with their values, by trouble.
    """

    node: str
    outcomes: Sequence[ScrapeResult]
    sample: Sample | None
    troubles: Mapping[Trouble, float] = field(default_factory=dict)

    @property
    def readings(self) -> Sequence[Reading]:
        """Of all exporters."""
        return [reading for outcome in self.outcomes for reading in outcome.readings]


class Node:
    """One node.

    Args:
        name: of the node.
        sources: its exporters.
        meter: makes samples from readings; the earlier one, if the node was known.
        seconds: that a scrape may take.
        interval: seconds between scrapes, if neither a target nor an exporter sets them.
    """

    def __init__(
        self,
        name: str,
        sources: Sequence[Exporter],
        meter: Meter,
        seconds: float,
        interval: float = DEFAULT_INTERVAL,
    ) -> None:
        self.name = name
        self.sources = sources
        self.meter = meter
        self._seconds = seconds
        given = [source.target.interval for source in sources if source.target.interval]
        self._given = min(given, default=None)
        self.interval = self._given or interval

    async def scrape(self) -> Round | None:
        """Scrape all exporters that are due; None if all of them have a pause."""
        now = asyncio.get_running_loop().time()
        due = [source for source in self.sources if source.is_due(now)]
        if not due:
            return None
        seconds = time_limit(self._seconds, self.interval)
        outcomes = await asyncio.gather(*(source.ask(seconds, self.interval) for source in due))
        readings = [reading for outcome in outcomes for reading in outcome.readings]
        self._listen(readings)
        sample = self.meter.sample(readings)
        return Round(self.name, outcomes, sample, self.meter.troubles)

    async def close(self) -> None:
        """End its connections."""
        for source in self.sources:
            await source.close()

    def _listen(self, readings: Sequence[Reading]) -> None:
        """Use the interval that the exporter announces, unless the user set one."""
        if self._given is not None:
            return
        announced = [reading.values.get("interval", 0.0) for reading in readings]
        low, high = _ANNOUNCED
        wanted = min((each for each in announced if 0 < each < 86_400), default=None)
        if wanted is not None:
            self.interval = min(max(wanted, low), high)
