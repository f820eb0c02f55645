"""Judges the windows of a fleet, group by group, and commits each before it is published."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scroogevm.core.snapshot import Snapshot
from scroogevm.errors import MisuseError
from scroogevm.journal import Commit, Event, Journal
from scroogevm.ledger import DAY
from scroogevm.offers.status import Status
from scroogevm.ports import Shape, Store
from scroogevm.service.feed import Pace
from scroogevm.service.group import Group, GroupWindow
from scroogevm.service.history import history_of, nodes_of
from scroogevm.service.plan import GroupPlan, group_of
from scroogevm.service.told import status_of
from scroogevm.statusfile import to_json

MOST_EVENTS = 200
"""Largest number of state changes in a window that are reported one by one."""


class Estimator:
    """All groups and their whole state.

    Args:
        groups: how nodes are judged; the last group takes all other nodes.
        shape: how time is cut.
        pace: of samples.
        lasts: seconds after the end of the next window in which an offer is still valid.
        forget: seconds without samples after which a node is removed.
    """

    def __init__(
        self,
        groups: Sequence[GroupPlan],
        shape: Shape,
        pace: Pace,
        *,
        lasts: float,
        forget: float,
    ) -> None:
        self._plans = groups
        self._shape = shape
        self._pace = pace
        self._lasts = lasts
        self._forget = forget
        self.groups = {plan.name: Group(plan, shape, pace) for plan in groups}
        self._known: dict[str, str] = {}
        self._places: set[str] = set()

    @property
    def nodes(self) -> int:
        """Number of nodes that are known."""
        return len(self._known)

    def judge(self, store: Store, journal: Journal, number: int) -> Sequence[GroupWindow]:
        """Judge the window of a number. ``commit`` keeps the result.

        Raises:
            StoreError: the store cannot be read; use a new estimator with ``restore`` then.
        """
        half, begin = self._pace.own / 2, number * self._shape.slice
        self._join(store.nodes(begin + half, begin + self._shape.slice + half))
        frozen = {node: hold.free for node, hold in journal.holds.items()}
        return [group.judge(store, number, frozen) for group in self.groups.values() if group.nodes]

    def commit(
        self,
        journal: Journal,
        number: int,
        windows: Sequence[GroupWindow],
        now: float,
        *,
        tell: bool,
        events: Sequence[Event] = (),
    ) -> tuple[Status | None, str, Sequence[Event]]:
        """Keep the results of a window; after this returns, they are on the disk.

        Args:
            journal: that keeps them.
            number: of the window.
            windows: the result of ``judge``.
            now: seconds since 1970.
            tell: whether it is the newest window, whose offers are published.
            events: other events.

        Returns:
            The status to publish, the same as JSON, and the events that were kept.
        """
        status = None
        if tell:
            status = status_of(
                windows,
                number,
                self._shape,
                computed_at=now,
                lasts=self._lasts,
                holds=journal.holds,
            )
        text = "" if status is None else to_json(status)
        changes = self._changes(windows, status) if status is not None else []
        gone = self._leave(windows, now)
        state = self._state()
        dropped = sorted(self._places - set(state))
        kept = journal.commit(
            Commit(
                number=number,
                end=(number + 1) * self._shape.slice,
                judged_at=now,
                state=state,
                dropped=dropped,
                status=text if tell else None,
                history=history_of(windows),
                nodes=nodes_of(windows),
                days=self._days(),
                events=[*events, *changes, *gone],
            )
        )
        self._places = set(state)
        return status, text, kept

    def restore(self, journal: Journal) -> None:
        """Continue from the state in the journal.

        Raises:
            MisuseError: the state cannot be used.
        """
        parts: dict[str, dict[str, Snapshot]] = {}
        for place, arrays in journal.state().items():
            group, _, part = place.partition("/")
            parts.setdefault(group, {})[part] = arrays
        last = journal.last
        day = 0 if last is None else int(((last + 1) * self._shape.slice) // DAY)
        totals: dict[str, dict[str, Mapping[str, NDArray[Any]]]] = {}
        for place, found in journal.days(day, day + 1).items():
            group, _, batch = place.partition("/")
            totals.setdefault(group, {})[batch] = found
        self._places = {f"{group}/{part}" for group, each in parts.items() for part in each}
        for name, made in self.groups.items():
            if name in parts:
                try:
                    made.restore(parts[name], totals.get(name, {}))
                except (ValueError, KeyError) as error:
                    raise MisuseError(
                        f"cannot be continued: {error}",
                        where=str(journal.path),
                        remedy="restore a backup of it, or move it away to start with a new one",
                    ) from None
        self._known = {node: name for name, made in self.groups.items() for node in made.nodes}
        self._regroup()

    def _join(self, nodes: Sequence[str]) -> None:
        """Add new nodes, sorted by name."""
        fresh: dict[str, list[str]] = {}
        for node in nodes:
            if node not in self._known:
                name = group_of(node, self._plans).name
                self._known[node] = name
                fresh.setdefault(name, []).append(node)
        for name, each in fresh.items():
            self.groups[name].join(sorted(each))

    def _regroup(self) -> None:
        """Nodes that now belong to another group start there without state."""
        moved = [n for n, name in self._known.items() if group_of(n, self._plans).name != name]
        for node in moved:
            self.groups[self._known.pop(node)].leave([node])
        self._join(moved)

    def _leave(self, windows: Sequence[GroupWindow], now: float) -> Sequence[Event]:
        """Remove the nodes that sent no sample for too long."""
        gone = []
        for window in windows:
            age = window.judged["cpu"].facts.age
            old = [n for n, a in zip(window.nodes, age.tolist(), strict=True) if a > self._forget]
            if old:
                self.groups[window.plan.name].leave(old)
            gone += old
        for node in gone:
            del self._known[node]
        text = "{} is removed: it gave no sample for {:g} s"
        return [Event(0, now, "left", node, text.format(node, self._forget)) for node in gone]

    def _changes(self, windows: Sequence[GroupWindow], status: Status) -> Sequence[Event]:
        """Nodes whose state has changed, and the reason."""
        events = []
        for window in windows:
            for resource, one in window.judged.items():
                for row in np.flatnonzero(one.since == window.end).tolist():
                    node = window.nodes[row]
                    offer = status.nodes[node].resources[resource]
                    why = f": {offer.reason}" if offer.reason else ""
                    text = f"{resource} of {node} is {offer.state}{why}"
                    events.append(Event(0, status.computed_at, "state", node, text))
        if len(events) > MOST_EVENTS:
            rest = f"and {len(events) - MOST_EVENTS} more changes of state"
            more = Event(0, status.computed_at, "state", "", rest)
            events = [*events[:MOST_EVENTS], more]
        return events

    def _state(self) -> Mapping[str, Snapshot]:
        return {
            f"{name}/{part}": arrays
            for name, group in self.groups.items()
            if group.batches
            for part, arrays in group.snapshot().items()
        }

    def _days(self) -> Mapping[tuple[int, str], Mapping[str, NDArray[Any]]]:
        return {
            (day, f"{name}/{at}"): arrays
            for name, group in self.groups.items()
            for at, batch in enumerate(group.batches)
            for day, arrays in batch.days().items()
        }
