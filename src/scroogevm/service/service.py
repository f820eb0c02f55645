"""The loop of the service: judges each window once, commits it, then publishes it."""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from math import floor

from scroogevm.errors import OutputError, ScroogeError, StoreError
from scroogevm.journal import Event, Journal
from scroogevm.ledger import DAY
from scroogevm.offers.status import Status
from scroogevm.outage import Outage
from scroogevm.ports import Shape
from scroogevm.service.clock import Clock
from scroogevm.service.estimator import Estimator
from scroogevm.service.feed import Pace
from scroogevm.service.garbage import looked_for_afterwards
from scroogevm.service.gate import Gate
from scroogevm.service.plan import GroupPlan
from scroogevm.text import counted

Publish = Callable[[Status, str], None]
"""Takes the published status, and the same as JSON; it returns at once."""
Hear = Callable[[Sequence[Event]], None]
"""Takes events that were kept."""

_LONGEST_WAIT = 60.0


@dataclass(frozen=True)
class Timing:
    """The times of judging and the periods of keeping, in seconds.

    Attributes:
        settle: time from the end of a window until it is judged.
        grace: time for which an offer stays valid after the next one is due.
        warm_up: period of the store that is judged at the first start.
        catch_up: largest period of missed windows that is judged after a stop.
        forget: time without samples after which a node is removed.
        history: time for which values of windows are kept.
        totals: time for which totals of days are kept.
    """

    settle: float
    grace: float
    warm_up: float = 30 * DAY
    catch_up: float = 7 * DAY
    forget: float = 7 * DAY
    history: float = 30 * DAY
    totals: float = 366 * DAY


@dataclass
class Health:
    """The health of the loop.

    Attributes:
        window: number of the newest window that was judged; None before the first.
        lag: seconds from its due time until it was published.
        phases: seconds that each phase of it took.
        windows: that were judged since the start.
        skipped: that were not, since the start.
        outage: why the store cannot be read now, or the journal written.
    """

    window: int | None = None
    lag: float = 0.0
    phases: dict[str, float] = field(default_factory=dict)
    windows: int = 0
    skipped: int = 0
    outage: Outage = field(default_factory=Outage)


class Service:
    """Judges windows until it must stop.

    Args:
        groups: how nodes are judged.
        shape: how time is cut.
        pace: of samples.
        timing: when.
        store: where samples are.
        journal: that keeps the state.
        clock: tells the time.
        publish: takes the status.
        hear: takes events.
    """

    def __init__(
        self,
        groups: Sequence[GroupPlan],
        shape: Shape,
        pace: Pace,
        timing: Timing,
        *,
        store: Gate,
        journal: Journal,
        clock: Clock,
        publish: Publish,
        hear: Hear,
    ) -> None:
        self._groups = groups
        self._shape = shape
        self._pace = pace
        self._timing = timing
        self._store = store
        self._journal = journal
        self._clock = clock
        self._publish = publish
        self._hear = hear
        self._late = 0
        self._wanted: Sequence[GroupPlan] | None = None
        self.health = Health(window=journal.last)
        self._estimator = self._restored()

    @property
    def groups(self) -> Sequence[GroupPlan]:
        """How nodes are judged."""
        return self._groups

    def run(self, stop: threading.Event) -> None:
        """Judge every window at its time, in order, until it must stop."""
        number = self._first(stop)
        while number is not None and self._clock.wait(self._due(number), stop):
            if not self._judge(number, stop):
                return
            number = self._next(number)

    def regroup(self, groups: Sequence[GroupPlan]) -> None:
        """Use other plans from the next window on; any thread may call this."""
        self._wanted = groups

    def note(self, kind: str, text: str, node: str = "") -> None:
        """Keep an event, and publish it."""
        self._hear(self._journal.note([Event(0, self._clock.now(), kind, node, text)]))

    def _restored(self) -> Estimator:
        timing = self._timing
        estimator = Estimator(
            self._groups,
            self._shape,
            self._pace,
            lasts=timing.settle + timing.grace,
            forget=timing.forget,
        )
        estimator.restore(self._journal)
        return estimator

    def _take_up_plans(self) -> None:
        """Continue with the plans that were set last."""
        wanted, self._wanted = self._wanted, None
        if wanted is not None:
            self._groups = wanted
            self._estimator = self._restored()
            names = ", ".join(plan.name for plan in wanted)
            self.note("config", f"settings were read again: groups {names}")

    def _due(self, number: int) -> float:
        return (number + 1) * self._shape.slice + self._timing.settle

    def _first(self, stop: threading.Event) -> int | None:
        """The first window to judge; None if it must stop before this is known."""
        if self._journal.last is not None:
            return self._next(self._journal.last)
        now, slice_ = self._clock.now(), self._shape.slice
        newest = floor((now - self._timing.settle) / slice_)
        scope = self._shape.slices
        number = max(0, floor((now - self._timing.warm_up) / slice_)) // scope * scope
        while number < newest and not stop.is_set():
            try:
                if self._store.nodes(number * slice_, newest * slice_):
                    break
            except StoreError as error:
                if not self._bear(error, 1.0, stop):
                    return None
                continue
            number = newest
        return None if stop.is_set() else self._with_samples(number, newest)

    def _with_samples(self, number: int, newest: int) -> int:
        """The first window from a number on with a sample; the newest one if none has any."""
        slice_ = self._shape.slice
        low, high = number, newest
        while low < high:
            middle = (low + high) // 2
            if self._store.nodes(number * slice_, (middle + 1) * slice_):
                high = middle
            else:
                low = middle + 1
        return low

    def _next(self, number: int) -> int:
        """The window after one; windows are skipped if too many were missed."""
        now, slice_ = self._clock.now(), self._shape.slice
        oldest = floor((now - self._timing.catch_up) / slice_)
        if number + 1 >= oldest:
            return number + 1
        skipped = oldest - number - 1
        self.health.skipped += skipped
        self.note("skipped", f"{counted(skipped, 'window')} ended too long ago and were skipped")
        return oldest

    def _judge(self, number: int, stop: threading.Event) -> bool:
        """Judge a window, and repeat it while store or disk fail; False if it must stop."""
        wait = 1.0
        while True:
            try:
                with looked_for_afterwards():
                    self._attempt(number)
            except (StoreError, OutputError) as error:
                self._estimator = self._restored()  # without the incomplete window
                if not self._bear(error, wait, stop):
                    return False
                wait = min(2 * wait, _LONGEST_WAIT)
            else:
                return True

    def _attempt(self, number: int) -> None:
        """Judge, commit and publish.

        Raises:
            StoreError: the store cannot be read.
            OutputError: the journal cannot be written; nothing was published.
        """
        self._take_up_plans()
        began = time.perf_counter()
        self._store.shut((number + 1) * self._shape.slice + self._pace.own / 2)
        windows = self._estimator.judge(self._store, self._journal, number)
        judged, now = time.perf_counter(), self._clock.now()
        newest = now < self._due(number + 1)
        status, text, events = self._estimator.commit(
            self._journal, number, windows, now, tell=newest, events=self._happened(now)
        )
        committed = time.perf_counter()
        if status is not None:
            self._publish(status, text)
        self._hear(events)
        self._clean(now)
        health = self.health
        health.phases = {
            "judge": judged - began,
            "commit": committed - judged,
            "publish": time.perf_counter() - committed,
        }
        health.outage.end()
        health.window = number
        health.windows += 1
        health.lag = max(0.0, self._clock.now() - self._due(number))

    def _happened(self, now: float) -> Sequence[Event]:
        """Other events: late samples, and the end of a trouble."""
        late, self._late = self._store.late - self._late, self._store.late
        found = []
        if late:
            text = f"{counted(late, 'sample')} came too late for their window and were left out"
            found.append(Event(0, now, "late", "", text))
        if trouble := self.health.outage.problem:
            found.append(Event(0, now, "over", "", f"solved: {trouble}"))
        return found

    def _bear(self, error: ScroogeError, wait: float, stop: threading.Event) -> bool:
        """Wait for what fails; False where it was told to stop."""
        if self.health.outage.note(str(error)):
            text = f"{error}; windows wait, and offers expire"
            with suppress(OutputError):  # the failure may be the one of the journal
                self.note("trouble", text)
        return self._clock.wait(self._clock.now() + wait, stop)

    def _clean(self, now: float) -> None:
        """Drop data older than their period, once a day."""
        day = floor(now / DAY)
        if self._journal.setting("cleaned") == str(day):
            return
        timing = self._timing
        before = now - timing.history
        self._journal.forget(before, floor((now - timing.totals) / DAY), before)
        self._journal.keep_setting("cleaned", str(day))
