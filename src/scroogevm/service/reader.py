"""The data of the service for API and pages."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import isfinite

from scroogevm.balloon.view import BalloonSource, BalloonView
from scroogevm.core.arrays import Floats
from scroogevm.journal import Event, Journal
from scroogevm.ledger import DAY, Ledger, Totals
from scroogevm.offers.status import NodeHold, Status
from scroogevm.ports import RESOURCES
from scroogevm.service.clock import Clock
from scroogevm.service.gate import Gate
from scroogevm.service.history import read_history
from scroogevm.service.metrics import render
from scroogevm.service.plan import GroupPlan
from scroogevm.service.service import Health
from scroogevm.sinks.sink import SinkThread
from scroogevm.statusfile import from_json
from scroogevm.web.placement import PlacementSource, PlacementView
from scroogevm.web.reader import (
    By,
    HistoryPoint,
    LedgerRow,
    ServiceEvent,
    ServiceHealth,
    SinkHealth,
)

NEWEST = 200
"""Number of events in the first answer to a client."""


class ServiceReader:
    """Answers from the journal, and from the last published status.

    Args:
        journal: of the service.
        store: in front of the samples.
        sinks: that publish offers.
        clock: tells the time.
        health: of the loop; None before it runs.
        plans: how nodes are judged.
        node_series: whether metrics contain the offers of each node.
    """

    def __init__(
        self,
        journal: Journal,
        store: Gate,
        sinks: Sequence[SinkThread],
        *,
        clock: Clock,
        health: Callable[[], Health | None],
        plans: Callable[[], Sequence[GroupPlan]],
        node_series: bool = True,
    ) -> None:
        self._journal = journal
        self._store = store
        self._sinks = sinks
        self._clock = clock
        self._health = health
        self._plans = plans
        self._node_series = node_series
        self._lock = threading.Lock()
        self._placement: PlacementSource | None = None
        self._balloon: BalloonSource | None = None
        self._told: Callable[[Sequence[Event]], None] = lambda _: None
        text = journal.status
        self._status = None if text is None else from_json(text, str(journal.path))

    def publish(self, status: Status) -> None:
        """Take a published status."""
        with self._lock:
            self._status = status

    def hear_of(self, told: Callable[[Sequence[Event]], None]) -> None:
        """Set the receiver of events that are made here."""
        self._told = told

    def show_placement(self, source: PlacementSource) -> None:
        """Set the source of the view of OpenStack's Placement."""
        self._placement = source

    def placement(self) -> PlacementView | None:
        """The last view of Placement; None if offers do not go there."""
        return None if self._placement is None else self._placement.view()

    def show_balloon(self, source: BalloonSource) -> None:
        """Set the source of the state of the memory companion."""
        self._balloon = source

    def balloon(self) -> BalloonView | None:
        """The state of the memory companion; None if none runs."""
        return None if self._balloon is None else self._balloon.view()

    def now(self) -> float:
        """Seconds since 1970, on the clock of the service."""
        return self._clock.now()

    def status(self) -> Status | None:
        """The last published status, with the current holds."""
        with self._lock:
            return self._status

    def history(
        self, node: str, resource: str, since: float, until: float
    ) -> Sequence[HistoryPoint]:
        """Windows of a node that end in a time, in order."""
        return list(read_history(self._journal, node, resource, (since, until)))

    def ledger(self, since: float, until: float, by: By) -> Sequence[LedgerRow]:
        """The results of promises in a time, in whole days."""
        first, end = int(since // DAY), int(until // DAY) + 1
        found: list[LedgerRow] = []
        if by == "day":
            for day in self._journal.day_numbers(first, end):
                found += self._rows(self._totals(day, day + 1), f"{day * DAY:.0f}")
        elif by == "group":
            for group in [plan.name for plan in self._plans()]:
                found += self._rows(self._totals(first, end, group), group)
        else:
            totals = self._totals(first, end)
            found += self._rows(totals, "") if by == "strategy" else self._nodes(totals)
        return found

    def events(self, after: int, limit: int) -> Sequence[ServiceEvent]:
        """Events with greater numbers, in order; with ``after`` -1, the newest ones."""
        if after < 0:
            found = self._journal.events(0, min(limit, NEWEST), newest=True)
        else:
            found = self._journal.events(after, limit)
        return [ServiceEvent(*event) for event in found]

    def health(self) -> ServiceHealth:
        """The health of the service."""
        loop, status, now = self._health(), self.status(), self.now()
        ready = status is not None and any(n.valid_until > now for n in status.nodes.values())
        return ServiceHealth(
            ready=ready,
            window_end=None if status is None else status.window_end,
            lag=loop.lag if loop else 0.0,
            phases=dict(loop.phases) if loop else {},
            trouble=loop.outage.problem
            if loop
            else "the interval between samples is not known yet",
            late=self._store.late,
            journal_bytes=self._journal.size,
            sinks=[
                SinkHealth(
                    s.sink.name, s.state.sent, s.state.failures, s.state.trouble, s.sink.numbers
                )
                for s in self._sinks
            ],
            balloon=self._balloon is not None,
        )

    def hold(self, node: str, by: str, note: str) -> NodeHold | None:
        """Freeze the offer of a node; None if there is no such node."""
        status = self.status()
        if status is None or node not in status.nodes:
            return None
        offers = status.at(self.now()).nodes[node].resources
        hold = NodeHold(by, self.now(), note, {name: one.free for name, one in offers.items()})
        self._journal.hold(node, hold)
        self._show(node, hold)
        self._note("hold", node, f"{node} is held by {by}" + (f": {note}" if note else ""))
        return hold

    def unhold(self, node: str, by: str) -> bool:
        """End a freeze; returns whether there was one."""
        was = self._journal.unhold(node)
        if was:
            self._show(node, None)
            self._note("hold", node, f"{by} ended the hold of {node}")
        return was

    def metrics(self) -> str:
        """Own metrics in the format of Prometheus."""
        status = self.status()
        shown = None if status is None else status.at(self.now())
        today = int(self.now() // DAY)
        totals = self._totals(today, today + 1)
        return render(shown, self.health(), totals, self.balloon(), node_series=self._node_series)

    def _show(self, node: str, hold: NodeHold | None) -> None:
        """A hold is shown in the status at once; it limits the offer from the next window on."""
        with self._lock:
            status = self._status
            if status is not None and node in status.nodes:
                held = replace(status.nodes[node], hold=hold)
                self._status = replace(status, nodes={**status.nodes, node: held})

    def _note(self, kind: str, node: str, text: str) -> None:
        self._told(self._journal.note([Event(0, self.now(), kind, node, text)]))

    def _totals(self, since: int, until: int, group: str = "") -> Mapping[str, Totals]:
        """Totals of some days by resource, of all groups or of one."""
        ledgers = [
            Ledger().restore(arrays)
            for place, arrays in self._journal.days(since, until).items()
            if not group or place.rpartition("/")[0] == group
        ]
        together = Ledger.together(ledgers)
        return {resource: together.totals(resource) for resource in RESOURCES}

    def _rows(self, totals: Mapping[str, Totals], of: str) -> Sequence[LedgerRow]:
        return [
            self._row((resource, name, of), int(total.sums[0, at].sum()), scores, at)
            for resource, total in totals.items()
            if total.strategies
            for scores in [total.fleet()]
            for at, name in enumerate(total.strategies)
        ]

    def _nodes(self, totals: Mapping[str, Totals]) -> Sequence[LedgerRow]:
        return [
            self._row((resource, name, node), int(total.sums[0, at, row]), scores, (at, row))
            for resource, total in totals.items()
            if total.strategies
            for scores in [total.scores()]
            for row, node in enumerate(total.nodes)
            for at, name in enumerate(total.strategies)
        ]

    def _row(
        self,
        about: tuple[str, str, str],
        windows: int,
        scores: Mapping[str, Floats],
        at: int | tuple[int, int],
    ) -> LedgerRow:
        resource, strategy, of = about

        def get(name: str) -> float | None:
            value = float(scores[name][at])
            return value if isfinite(value) else None

        coverage = get("coverage")
        return LedgerRow(
            resource=resource,
            strategy=strategy,
            of=of,
            windows=windows,
            violations=get("violation_rate"),
            asked=self._risk(resource, strategy),
            got=None if coverage is None else 1 - coverage,
            severity=get("mean_severity"),
            waste=get("waste"),
            savings=get("savings"),
            free=get("offered_free"),
            check=get("check"),
        )

    def _risk(self, resource: str, strategy: str) -> float | None:
        """The risk that a strategy states."""
        for plan in self._plans():
            found = plan.strategies[resource].get(strategy)
            if found is not None:
                return found.stated_risk
        return None
