"""Runs the service over a store that is filled already, as fast as it goes."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scroogevm.journal import Event, Journal
from scroogevm.offers.chain import Chain
from scroogevm.offers.status import Status
from scroogevm.ports import RESOURCES, STRATEGIES, Shape, Store
from scroogevm.service.clock import FastClock
from scroogevm.service.feed import Pace
from scroogevm.service.gate import Gate
from scroogevm.service.plan import GroupPlan
from scroogevm.service.service import Service, Timing
from service.fleet import BEGIN

SHAPE = Shape(600.0, 600.0, 3)
STRATEGY_NAMES = ("calibrated:risk=0.05", "greedy", "percentile", "max-peak")
TIMING = Timing(settle=10.0, grace=60.0)


def plan(
    name: str = "all",
    patterns: Sequence[str] = ("*",),
    strategies: Sequence[str] = STRATEGY_NAMES,
) -> GroupPlan:
    """A group with the guards as they are by default."""
    built = {r: {spec: STRATEGIES.build(spec, r) for spec in strategies} for r in RESOURCES}
    driver = dict.fromkeys(RESOURCES, strategies[0])
    return GroupPlan(name, patterns, driver, built, {r: Chain.of(r) for r in RESOURCES})


@dataclass
class Told:
    """What was told."""

    statuses: list[Status] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)

    def publish(self, status: Status, text: str) -> None:
        """Take a status."""
        self.statuses.append(status)
        self.texts.append(text)

    def hear(self, events: Sequence[Event]) -> None:
        """Take events."""
        self.events += events


def run(
    store: Store,
    folder: Path,
    until: float,
    *,
    groups: Sequence[GroupPlan] = (),
    shape: Shape = SHAPE,
    begin: float = BEGIN,
    interval: float = 10.0,
    after: Callable[[Service, Journal, float], None] = lambda *_: None,
) -> Told:
    """Judge all windows that end up to a time.

    Args:
        store: where samples are.
        folder: of the journal.
        until: seconds since ``BEGIN``.
        groups: how nodes are judged.
        shape: how time is cut.
        begin: what the clock shows at first.
        interval: seconds between samples.
        after: is told of each window.
    """
    told, stop, clock = Told(), threading.Event(), FastClock(begin, float("inf"))
    with Journal(folder / "journal.sqlite") as journal:

        def publish(status: Status, text: str) -> None:
            told.publish(status, text)
            after(service, journal, status.window_end)
            if status.window_end >= BEGIN + until:
                stop.set()

        service = Service(
            groups or [plan()],
            shape,
            Pace.of(interval, shape.slice),
            TIMING,
            store=Gate(store),
            journal=journal,
            clock=clock,
            publish=publish,
            hear=told.hear,
        )
        service.run(stop)
    return told
