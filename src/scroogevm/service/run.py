"""Runs the service: collector, estimator and sinks in one process, until it is stopped."""

import asyncio
import json
import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from functools import partial
from typing import TYPE_CHECKING

from scroogevm.balloon.fleet import BalloonFleet
from scroogevm.collect.run import collect
from scroogevm.collect.settings import CollectSettings
from scroogevm.collect.target import Nodes
from scroogevm.errors import MisuseError, ScroogeError, StoreError
from scroogevm.journal import Event, Journal
from scroogevm.offers.status import Status
from scroogevm.outage import Outage
from scroogevm.ports import Store
from scroogevm.service.clock import Clock, RealClock
from scroogevm.service.demo import DemoFleet
from scroogevm.service.feed import Pace
from scroogevm.service.gate import Gate
from scroogevm.service.plan import GroupPlan
from scroogevm.service.reader import ServiceReader
from scroogevm.service.service import Health, Service
from scroogevm.service.settings import ServeSettings
from scroogevm.sinks.sink import OfferSink, SinkThread
from scroogevm.sinks.status_file import StatusFile
from scroogevm.text import counted
from scroogevm.traces.recording.sampling import step_of
from scroogevm.web.placement import PlacementSource
from scroogevm.web.reader import LedgerRow

if TYPE_CHECKING:
    from scroogevm.web.server import WebServer, WebSettings

JOURNAL = "journal.sqlite"
STATUS = "status.json"
Say = Callable[[str], None]
Rows = Callable[[float], Sequence[LedgerRow]]
"""Returns the results of promises of each node since a time, seconds since 1970."""
MoreSinks = Callable[[Rows], Sequence[OfferSink]]


_LOOK_BACK = 3600.0


class EstimatorThread(threading.Thread):
    """Judges windows beside the collector.

    Args:
        settings: checked already.
        store: where samples are.
        journal: that keeps the state.
        say: prints a line.
        clock: tells the time.

    Attributes:
        plans: how nodes are judged.
        sinks: that publish offers.
        web: serves the pages; None for none.
        reader: provides the data of pages.
        error: that ended it; None while it runs.
        service: the loop; None until the pace of samples is known.
    """

    def __init__(
        self,
        settings: ServeSettings,
        store: Gate,
        journal: Journal,
        *,
        say: Say,
        clock: Clock,
    ) -> None:
        super().__init__(name="estimator", daemon=True)
        self._settings = settings
        self._store = store
        self._journal = journal
        self._say = say
        self._clock = clock
        self._stop_asked = threading.Event()
        self._outage = Outage()
        self.plans = settings.plans()
        self.sinks: Sequence[SinkThread] = ()
        self.web: WebServer | None = None
        self.reader: ServiceReader | None = None
        self.error: BaseException | None = None
        self.service: Service | None = None

    def run(self) -> None:
        """Judge until it must stop; any error ends the whole process properly."""
        try:
            pace = self._pace()
            if pace is not None:
                self._serve(pace)
        except BaseException as error:  # noqa: BLE001  # the main thread raises it again
            self.error = error
            os.kill(os.getpid(), signal.SIGTERM)

    def regroup(self, plans: Sequence[GroupPlan]) -> None:
        """Use other plans from the next window on."""
        self.plans = plans
        if self.service is not None:
            self.service.regroup(plans)

    def stop(self) -> None:
        """End after the window that is being judged, if one is.

        Raises:
            ScroogeError: it had already ended with an error.
        """
        self._stop_asked.set()
        self.join()
        if self.error is not None:
            raise self.error

    def _serve(self, pace: Pace) -> None:
        settings = self._settings
        self.service = Service(
            self.plans,
            settings.shape,
            pace,
            settings.timing(pace),
            store=self._store,
            journal=self._journal,
            clock=self._clock,
            publish=self._publish,
            hear=self.hear,
        )
        self.service.note("start", f"judging windows of {settings.shape.slice:g} s")
        self.service.run(self._stop_asked)
        self.service.note("stop", "stopping; offers expire by themselves")

    def _publish(self, status: Status, text: str) -> None:
        if self.reader is not None:
            self.reader.publish(status)
        for sink in self.sinks:
            sink.put(status, text)
        if self.web is not None:
            self.web.beat()

    def note(self, text: str) -> None:
        """Print a line of the memory companion, and keep it as an event."""
        self.hear(self._journal.note([Event(0, self._clock.now(), "balloon", "", text)]))

    def hear(self, events: Sequence[Event]) -> None:
        """Publish events that were kept."""
        for event in events:
            self._say(event.text)
        if self.web is not None:
            self.web.beat()

    def _pace(self) -> Pace | None:
        """The pace of samples: from the settings, from the journal, or from the store."""
        slice_ = self._settings.shape.slice
        known = self._journal.setting("interval")
        own = self._settings.interval or (float(known) if known else None)
        while own is None and not self._stop_asked.is_set():
            own = self._measured()
        if own is None:
            return None
        self._journal.keep_setting("interval", repr(own))
        return Pace.of(own, slice_)

    def _measured(self) -> float | None:
        now = self._clock.now()
        try:
            some = self._store.nodes(now - _LOOK_BACK, now + 1)[:5]
            rows = self._store.read(some, now - _LOOK_BACK, now + 1, ("cpu",)).nodes
        except StoreError as error:
            if self._outage.note(str(error)):
                self._say(f"{error}; it is tried again until it works")
            rows = None
        found = step_of(rows) if rows is not None else 0.0
        if not found:
            self._clock.wait(now + 1, self._stop_asked)
        return found or None


def serve(
    settings: ServeSettings,
    collecting: CollectSettings | None,
    store: Store,
    reread: Callable[[], tuple[Nodes, Sequence[GroupPlan]]],
    say: Say,
    *,
    buffered: Callable[[Store], Store] = lambda store: store,
    web: "WebSettings | None" = None,
    demo: int = 0,
    more: "MoreSinks | None" = None,
    companion: "Callable[[Say], BalloonFleet] | None" = None,
    clock: Clock | None = None,
) -> None:
    """Scrape, judge and tell until a signal to end.

    Args:
        settings: checked already.
        collecting: what to scrape, checked already; None if others fill the store.
        store: where samples are.
        reread: reads targets and groups from the settings again.
        say: prints a line.
        buffered: the buffer of the collector in front of the store.
        web: address of API and dashboard; None to serve nothing.
        demo: number of nodes of a generated fleet, instead of exporters; 0 for none.
        more: makes further sinks, from a reader of the ledger.
        companion: makes the memory companion, from a function that prints its lines; None for none.
        clock: tells the time.

    Raises:
        MisuseError: another process uses the data directory, or it has another shape.
        OutputError: the data directory cannot be written.
        ScroogeError: the estimator ended with an error.
    """
    gate = Gate(store)
    with ExitStack() as stack:
        journal = stack.enter_context(Journal(settings.data / JOURNAL))
        _refuse_other_shape(journal, settings)
        clock = clock or RealClock()
        estimator = EstimatorThread(settings, gate, journal, say=say, clock=clock)
        others = more(partial(_rows, estimator, clock)) if more is not None else ()
        sinks = [StatusFile(settings.data / STATUS), *others]
        estimator.sinks = [SinkThread(sink, say) for sink in sinks]
        for sink in estimator.sinks:
            stack.callback(sink.close)
        estimator.reader = _reader(settings, journal, gate, estimator, clock)
        for place in sinks:
            if isinstance(place, PlacementSource):
                estimator.reader.show_placement(place)
        if web is not None:
            from scroogevm.web.server import WebServer  # noqa: PLC0415  # an extra

            estimator.web = WebServer(estimator.reader, web)
            stack.callback(estimator.web.close)
            say(f"dashboard: {estimator.web.address}")
        if companion is not None:
            fleet = stack.enter_context(_ballooning(companion(estimator.note), say))
            estimator.reader.show_balloon(fleet)
        again = partial(_again, reread, estimator)
        if demo:
            say(f"generating {counted(demo, 'node')} and an hour of history")
            stack.enter_context(_demo(demo, gate, clock))
        estimator.start()
        try:
            if collecting is None:
                say(
                    "reading samples that others write to the store"
                    if not demo
                    else "the demo runs"
                )
                asyncio.run(_wait(again, say))
            else:
                nodes = collecting.asked.nodes()
                asyncio.run(collect(collecting, nodes, buffered(gate), again, say))
        finally:
            estimator.stop()


@contextmanager
def _ballooning(fleet: BalloonFleet, say: Say) -> Iterator[BalloonFleet]:
    """Run the memory companion until the block ends; then it gives all memory back."""
    stop = threading.Event()

    def run() -> None:
        try:
            fleet.run(stop)
        except ScroogeError as error:
            say(f"ballooning ended: {error}")

    thread = threading.Thread(target=run, name="balloon", daemon=True)
    thread.start()
    try:
        yield fleet
    finally:
        stop.set()
        thread.join()


@contextmanager
def _demo(nodes: int, store: Store, clock: Clock) -> Iterator[None]:
    """Fill the store from a generated fleet until the block ends."""
    stop, fleet, now = threading.Event(), DemoFleet(nodes), clock.now()
    fleet.fill(store, now)
    words = (store, clock, now, stop)
    thread = threading.Thread(target=fleet.run, args=words, name="demo", daemon=True)
    thread.start()
    yield
    stop.set()
    thread.join()


def _rows(estimator: EstimatorThread, clock: Clock, since: float) -> Sequence[LedgerRow]:
    """The results of promises of each node since a time."""
    reader = estimator.reader
    return () if reader is None else reader.ledger(since, clock.now(), "node")


def _reader(
    settings: ServeSettings,
    journal: Journal,
    gate: Gate,
    estimator: EstimatorThread,
    clock: Clock,
) -> ServiceReader:
    """The reader for pages."""

    def health() -> Health | None:
        return None if estimator.service is None else estimator.service.health

    reader = ServiceReader(
        journal,
        gate,
        estimator.sinks,
        clock=clock,
        health=health,
        plans=lambda: estimator.plans,
        node_series=settings.node_series,
    )
    reader.hear_of(estimator.hear)
    return reader


def _again(
    reread: Callable[[], tuple[Nodes, Sequence[GroupPlan]]], estimator: EstimatorThread
) -> Nodes:
    """Apply the settings as they are written now; return the targets.

    Raises:
        MisuseError: a setting is not valid; nothing was applied.
    """
    nodes, plans = reread()
    estimator.regroup(plans)
    return nodes


async def _wait(again: Callable[[], Nodes], say: Say) -> None:
    """Wait for a signal to end; apply changed settings on SIGHUP."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def reload() -> None:
        try:
            again()
        except ScroogeError as error:
            say(f"{error}; the settings did not change")

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    loop.add_signal_handler(signal.SIGHUP, reload)
    await ended.wait()


def _refuse_other_shape(journal: Journal, settings: ServeSettings) -> None:
    """Check that the journal has the same shape, because state for other windows is useless.

    Raises:
        MisuseError: the journal has another shape.
    """
    shape = settings.shape
    wanted = json.dumps({k: v for k, v in asdict(shape).items() if k != "origin"})
    known = journal.setting("shape")
    if known is None:
        journal.keep_setting("shape", wanted)
    elif known != wanted:
        raise MisuseError(
            f"was made with {known}, but {wanted} is requested",
            where=str(journal.path),
            remedy="keep scope, slice and history, or choose another --data directory",
        )
