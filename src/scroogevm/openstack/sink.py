"""Placement as a sink of the service: plans or writes each window, and checks in between."""

import json
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from scroogevm.errors import PlacementError, ScroogeError
from scroogevm.files import replace_file
from scroogevm.offers.status import Status
from scroogevm.openstack.apply import Report, apply, refuse_wrong_clocks
from scroogevm.openstack.canary import Ledger
from scroogevm.openstack.client import PlacementClient
from scroogevm.openstack.journal import NAME, Write, WriteJournal
from scroogevm.openstack.memory import Memory
from scroogevm.openstack.plan import Plan, make_plan
from scroogevm.openstack.reversion import find_reversions
from scroogevm.openstack.rules import Rules
from scroogevm.openstack.view import view_of
from scroogevm.openstack.writer import WritePace, Writer
from scroogevm.outage import Outage
from scroogevm.sinks.sink import OfferSink
from scroogevm.text import counted
from scroogevm.web.placement import PlacementView

PLAN = "placement-plan.json"
Mode = Literal["plan", "apply"]
_SHOWN = 200
"""Writes that pages show."""
_NAMED = 5
"""Nodes that a line names."""


@dataclass(frozen=True)
class PlacementPlace:
    """Where offers go, and how.

    Attributes:
        connect: opens the client.
        data: directory of the journal of writes and of the newest plan.
        rules: what is allowed.
        mode: ``plan``: nothing is written; ``apply``.
        period: seconds of nova-compute's period: so often it is looked whether ratios stay.
    """

    connect: Callable[[], PlacementClient]
    data: Path
    rules: Rules
    mode: Mode = "plan"
    period: float = 60.0


class PlacementSink(OfferSink):
    """Plans or writes the published offers; checks in between that ratios stay.

    Args:
        place: where offers go.
        hear: gets the messages for an operator.
        ledger: what promises were worth, for canaries.
        pace: the clock; its ``wait`` is used for the rate of writes.
    """

    name = "placement"

    def __init__(
        self,
        place: PlacementPlace,
        hear: Callable[[str], None],
        ledger: Ledger | None = None,
        pace: WritePace | None = None,
    ) -> None:
        self._place = place
        self._hear = hear
        self._ledger = ledger
        self._stop = threading.Event()
        self._pace = pace or WritePace(wait=lambda seconds: not self._stop.wait(seconds))
        self._mutex = threading.Lock()
        self._stack = ExitStack()
        self._writer: Writer | None = None
        self._client: PlacementClient | None = None
        self._watch: threading.Thread | None = None
        self._generations: dict[str, int] = {}
        self._told: Status | None = None
        self._expired: frozenset[str] = frozenset()
        self._planned_of: Status | None = None
        self._foreign: frozenset[str] = frozenset()
        self.plan: Plan | None = None
        self.reverted = self.put_back = self.written = self.refused = 0

    @property
    def numbers(self) -> Mapping[str, float]:
        """Changes of the newest plan, and what happened since the start."""
        planned = len(self.plan.changes) if self.plan is not None else 0
        return {
            "planned": planned,
            "written": self.written,
            "refused": self.refused,
            "put_back": self.put_back,
            "reverted": self.reverted,
        }

    def send(self, status: Status, text: str) -> None:
        """Take a published status from the service.

        Raises:
            ScroogeError: it did not arrive; the same may be sent again.
        """
        del text
        self.publish(status)

    def publish(self, status: Status) -> None:
        """Plan or write the published offers.

        Raises:
            PlacementError: Placement cannot be reached, or the result of a write is unknown.
            MisuseError: clocks disagree, or the journal is that of another cloud.
            OutputError: the journal or the plan cannot be written.
        """
        with self._mutex:
            self._told = status
            self._act(status)
        self._start_watch()

    def look(self) -> None:
        """Look whether ratios are as they were written, and whether offers have expired.

        Raises:
            ScroogeError: it cannot be known.
        """
        again = self._look_for_reversions()
        told = self._told
        if told is None or (not again and _expired(told, self._pace.now()) == self._expired):
            return
        with self._mutex:
            self._act(self._told or told)  # which is newer, if one came meanwhile

    def view(self) -> PlacementView:
        """Placement as it was seen last, for pages.

        Raises:
            MisuseError: the journal is damaged.
        """
        path, writes = self._place.data / NAME, list[Write]()
        if path.exists():
            with WriteJournal(path, alone=False) as journal:
                writes = list(journal.log(limit=_SHOWN))
        return view_of(self._place.mode, self.plan, self._planned_of, writes)

    def close(self) -> None:
        """End; where the operator wants it, take back what was promised."""
        self._stop.set()
        if self._watch is not None:
            self._watch.join()
        rules = self._place.rules
        with self._mutex, self._stack:
            if self._writer is None or self._told is None or rules.stopped == "keep":
                return
            gone = {name: replace(one, valid_until=0.0) for name, one in self._told.nodes.items()}
            self._writer.pace = replace(WritePace(), now=self._pace.now)
            try:
                ended = replace(self._told, nodes=gone)
                self._tell(apply(ended, self._writer, replace(rules, share=1.0, canary=())))
            except ScroogeError as error:
                self._hear(f"{self.name}: {error}; ratios do not change")

    def _act(self, status: Status) -> None:
        self._expired = _expired(status, self._pace.now())
        if self._place.mode == "plan":
            self._show(self._planned(status), status)
        else:
            self._written(status)

    def _planned(self, status: Status) -> Plan:
        client = self._connected()
        survey, now = client.survey(), self._pace.now()
        path = self._place.data / NAME
        memory = Memory()
        if path.exists():
            with WriteJournal(path, alone=False) as journal:
                memory = journal.memory()
        rules = self._place.rules
        refuse_wrong_clocks(status, survey, memory, rules, now)
        told_of = memory.as_if_adopted(survey.providers)
        return make_plan(status.at(now), survey, told_of, rules, now=now, ledger=self._ledger)

    def _written(self, status: Status) -> None:
        report = apply(status, self._writing(), self._place.rules, self._ledger)
        self._tell(report)
        self._say_not_adopted(report.plan)
        self._show(report.plan, status)
        unknown = [one for one in report.done if one.outcome in (None, "lost")]
        if unknown:
            raise PlacementError(
                f"{counted(len(unknown), 'write')} have no known result: {unknown[0].node}, "
                f"{unknown[0].detail}",
                where=self.name,
                temporary=True,
            )

    def _tell(self, report: Report) -> None:
        """Say what an operator should know."""
        for one in report.settled:
            self._hear(f"{self.name}: {one.node}: {one.what}: {one.outcome}: {one.detail}")
        self._say_reverted(report.reverted, report.put_back)
        for one in report.done:
            if one.outcome in ("refused", "conflict"):
                self.refused += 1
                self._hear(f"{self.name}: {one.node}: {one.what}: {one.outcome}: {one.detail}")
        written = sum(one.outcome == "written" for one in report.done)
        if written:
            self.written += written
            self._hear(f"{self.name}: {counted(written, 'node')} written")

    def _say_not_adopted(self, plan: Plan) -> None:
        """Say which nodes are not written for that, whenever these are others."""
        foreign = frozenset(one.node for one in plan.stays if one.why == "not adopted")
        if foreign - self._foreign:
            some = ", ".join(sorted(foreign)[:_NAMED])
            more = f" and {len(foreign) - _NAMED} more" if len(foreign) > _NAMED else ""
            self._hear(
                f"{self.name}: {counted(len(foreign), 'node')} not written, since not adopted: "
                f"{some}{more}; `scroogevm placement adopt` keeps their ratios for a rollback, "
                "and lets them be written"
            )
        self._foreign = foreign

    def _say_reverted(
        self, reverted: Sequence[tuple[str, str]], put_back: Sequence[tuple[str, str]]
    ) -> None:
        self.reverted += len(reverted)
        self.put_back += len(put_back)
        for node, why in reverted:
            self._hear(f"{self.name}: {node} has stopped: {why}")
        for node, why in put_back:
            self._hear(f"{self.name}: {node} is written again: {why}")

    def _show(self, plan: Plan, status: Status) -> None:
        """Keep the plan where pages and people find it."""
        self._planned_of, self.plan = status, plan
        text = json.dumps({"mode": self._place.mode, **asdict(plan)}, indent=1)
        replace_file(self._place.data / PLAN, text, parents=True)

    def _look_for_reversions(self) -> bool:
        """Whether a ratio has to be written again."""
        writer = self._writer
        if writer is None:
            return False
        with writer.lock:
            written = {uuid for uuid, _ in writer.journal.memory().written}
            moved = [
                one
                for one in writer.client.heads()
                if one.uuid in written and self._generations.get(one.uuid) != one.generation
            ]
            read = [writer.client.inventories(one) for one in moved]
            found = find_reversions(read, writer.journal, self._pace.now())
            self._say_reverted(found.stopped, found.put_back)
            self._generations.update({one.uuid: one.generation for one in read})
        return bool(found.put_back)

    def _connected(self) -> PlacementClient:
        if self._client is None:
            self._client = self._stack.enter_context(self._place.connect())
        return self._client

    def _writing(self) -> Writer:
        if self._writer is None:
            client = self._connected()
            journal = self._stack.enter_context(WriteJournal(self._place.data / NAME))
            self._writer = Writer(client, journal, self._place.rules.rate, self._pace)
        return self._writer

    def _start_watch(self) -> None:
        if self._watch is None and not self._stop.is_set():
            self._watch = threading.Thread(target=self._run, name="placement watch", daemon=True)
            self._watch.start()

    def _run(self) -> None:
        outage = Outage()
        while not self._stop.wait(self._place.period):
            try:
                self.look()
            except ScroogeError as error:
                if outage.note(str(error)):
                    self._hear(f"{self.name}: {error}; tried again every period")
            else:
                outage.end()


def _expired(status: Status, now: float) -> frozenset[str]:
    return frozenset(name for name, one in status.nodes.items() if one.valid_until <= now)
