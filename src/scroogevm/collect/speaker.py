"""Logs changes of nodes and exporters, each once."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from scroogevm.collect.memory_told import MemoryTold
from scroogevm.collect.node import Round
from scroogevm.collect.source import ScrapeResult
from scroogevm.outage import Outage
from scroogevm.telemetry.dialect_source import Trouble
from scroogevm.telemetry.report import lacking

Say = Callable[[str], None]


BEGINS: Mapping[Trouble, str] = {
    "libvirt": "libvirt is down since {}: which VMs there are is not known, and they are kept",
    "VMs": "the cpu times of all running VMs stand still since {}: their usage is missing, not 0",
    "node": "the cpu time of the node stands still since {}: its usage is missing, not 0",
}
ENDS: Mapping[Trouble, str] = {
    "libvirt": "libvirt answers again after {}",
    "VMs": "the cpu times of VMs move again after {}",
    "node": "the cpu time of the node moves again after {}",
}
"""Reports each problem once when it begins, and once when it ends."""


@dataclass
class _Failing:
    """Since when an exporter fails, and why."""

    since: float
    outage: Outage = field(default_factory=Outage)


class CollectLog:
    """Says that an exporter fails, that it answers again, and what a node does not say.

    Args:
        say: prints a line.
        clock: seconds on any scale that does not jump.
    """

    def __init__(self, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._failing: dict[tuple[str, str], _Failing] = {}
        self._known: set[str] = set()
        self._troubles: dict[str, Mapping[Trouble, float]] = {}
        self._memory: dict[str, MemoryTold] = {}

    def hear(self, scraped: Round, exporters: int) -> None:
        """Take note of a round.

        Args:
            scraped: the result.
            exporters: how many the node has.
        """
        for outcome in scraped.outcomes:
            self._note(scraped.node, outcome, named=exporters > 1)
        complete = len(scraped.outcomes) == exporters
        if scraped.node not in self._known and complete and not _failed(scraped):
            self._known.add(scraped.node)
            for line in lacking(scraped.readings):
                self._say(f"{scraped.node}: {line}")
        self._compare(scraped)

    def _compare(self, scraped: Round) -> None:
        """Report new problems with the values of a node, and problems that ended."""
        node, now = scraped.node, scraped.troubles
        before = self._troubles.get(node, {})
        at = max((reading.time for reading in scraped.readings), default=None)
        if at is None:  # no exporter answered, so no problem is known to have ended
            return
        for trouble in [trouble for trouble in now if trouble not in before]:
            self._say(f"{node}: {BEGINS[trouble].format(moment(now[trouble]))}")
        for trouble in [trouble for trouble in before if trouble not in now]:
            self._say(f"{node}: {ENDS[trouble].format(span(at - before[trouble]))}")
        self._troubles[node] = now
        if not now:  # old values give no information on memory
            memory = self._memory.setdefault(node, MemoryTold())
            for line in memory.compare(scraped.readings):
                self._say(f"{node}: {line}")

    def _note(self, node: str, outcome: ScrapeResult, *, named: bool) -> None:
        key = (node, outcome.target.url)
        who = f"{node}, {outcome.target.shown}" if named else node
        before = self._failing.get(key)
        failure = outcome.failure
        if failure is None:
            if before is not None:
                del self._failing[key]
                self._say(f"{who}: answers again after {span(self._clock() - before.since)}")
            return
        state = self._failing.setdefault(key, _Failing(self._clock()))
        if state.outage.note(str(failure), failure.reason):
            self._say(f"{who}: no samples: {failure}")

    def forget(self, node: str) -> None:
        """A node is scraped no more, or otherwise."""
        for key in [key for key in self._failing if key[0] == node]:
            del self._failing[key]
        self._known.discard(node)
        self._troubles.pop(node, None)
        self._memory.pop(node, None)


def _failed(scraped: Round) -> bool:
    return any(outcome.failure is not None for outcome in scraped.outcomes)


def moment(seconds: float) -> str:
    """A time since 1970, in words.

    >>> moment(1_700_000_000.5)
    '2023-11-14 22:13:20 UTC'
    """
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S} UTC"


def span(seconds: float) -> str:
    """A time in words.

    >>> span(12.3), span(750), span(90_000)
    ('12 s', '12 min', '25 h')
    """
    if seconds < 90:
        return f"{seconds:.0f} s"
    if seconds < 5400:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.0f} h"
