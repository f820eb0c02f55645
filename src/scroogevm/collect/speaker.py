"""Says what changed, once."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from scroogevm.collect.node import Round
from scroogevm.collect.source import ScrapeResult
from scroogevm.telemetry.report import lacking

Say = Callable[[str], None]


@dataclass
class _Failing:
    """Since when an exporter fails, and the reasons that were said."""

    since: float
    reasons: set[str] = field(default_factory=set)


class CollectLog:
    """Says that an exporter fails, that it answers again, and what a node does not say.

    Args:
        say: says a line.
        clock: seconds on any scale that does not jump.
    """

    def __init__(self, say: Say, clock: Callable[[], float] = time.monotonic) -> None:
        self._say = say
        self._clock = clock
        self._failing: dict[tuple[str, str], _Failing] = {}
        self._known: set[str] = set()

    def hear(self, scraped: Round, exporters: int) -> None:
        """Take note of a round.

        Args:
            scraped: what came of it.
            exporters: how many the node has.
        """
        for outcome in scraped.outcomes:
            self._note(scraped.node, outcome, named=exporters > 1)
        complete = len(scraped.outcomes) == exporters
        if scraped.node not in self._known and complete and not _failed(scraped):
            self._known.add(scraped.node)
            for line in lacking(scraped.readings):
                self._say(f"{scraped.node}: {line}")

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
        if failure.reason not in state.reasons:
            state.reasons.add(failure.reason)
            self._say(f"{who}: no samples: {failure}")

    def forget(self, node: str) -> None:
        """A node is scraped no more, or otherwise."""
        for key in [key for key in self._failing if key[0] == node]:
            del self._failing[key]
        self._known.discard(node)


def _failed(scraped: Round) -> bool:
    return any(outcome.failure is not None for outcome in scraped.outcomes)


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
