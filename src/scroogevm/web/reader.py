"""The port that API and pages read from; the service implements it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol

from scroogevm.balloon.view import BalloonView
from scroogevm.offers.status import NodeHold, NodeState, Status
from scroogevm.web.placement import PlacementView

By = Literal["strategy", "node", "group", "day"]


@dataclass(frozen=True)
class HistoryPoint:
    """One resource of one node in one window.

    Attributes:
        end: of the window, seconds since 1970.
        capacity: what the node has; None if unknown, and so below.
        allocated: the allocation of its VMs.
        usage: percentile 99 of the usage in the window.
        demand: what to be ready for in the next window, after guards.
        free: what was offered for it.
        state: of the offer.
        demands: what each strategy said, by name, before guards.
    """

    end: float
    capacity: float | None
    allocated: float | None
    usage: float | None
    demand: float | None
    free: float | None
    state: NodeState
    demands: Mapping[str, float | None]


@dataclass(frozen=True)
class LedgerRow:
    """What promises were worth.

    Attributes:
        resource: ``cpu`` or ``mem``.
        strategy: its name; ``offered`` is what was really told, after guards.
        of: the node, group or day that it is about; empty for all.
        windows: node-windows that were judged.
        violations: share of them with usage above the promise.
        asked: the risk that the strategy states, a share; None where it states none.
        got: share of windows in which usage without new VMs was above the promise.
        severity: mean shortfall / capacity.
        waste: mean of what was held back and not used / capacity.
        savings: mean of 1 - demand / allocated.
        free: mean of free / capacity.
        check: mean check function at a risk of 1 % / capacity.
    """

    resource: str
    strategy: str
    of: str
    windows: int
    violations: float | None
    asked: float | None
    got: float | None
    severity: float | None
    waste: float | None
    savings: float | None
    free: float | None
    check: float | None


@dataclass(frozen=True)
class ServiceEvent:
    """Something that happened.

    Attributes:
        id: grows by time.
        time: seconds since 1970.
        kind: such as ``state``, ``late``, ``trouble``, ``over``, ``hold``, ``config``.
        node: whom it is about; empty for the service.
        text: one sentence.
    """

    id: int
    time: float
    kind: str
    node: str
    text: str


@dataclass(frozen=True)
class SinkHealth:
    """How a sink does.

    Attributes:
        name: of the sink.
        sent: statuses that arrived.
        failures: times that one did not.
        trouble: why the last one did not; empty where it did.
        numbers: what it counts besides, by name.
    """

    name: str
    sent: int
    failures: int
    trouble: str
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ServiceHealth:
    """How the service does.

    Attributes:
        ready: whether there are valid offers.
        window_end: of the newest window that was judged, seconds since 1970; None for none.
        lag: seconds from its due time until it was published.
        phases: seconds that each phase of it took.
        trouble: why windows wait now; empty where they do not.
        late: samples that came too late for their window, since the start.
        journal_bytes: size of the journal.
        sinks: where offers go.
        balloon: whether the memory companion runs.
    """

    ready: bool
    window_end: float | None
    lag: float
    phases: Mapping[str, float]
    trouble: str
    late: int
    journal_bytes: int
    sinks: Sequence[SinkHealth] = field(default_factory=tuple)
    balloon: bool = False


class StatusReader(Protocol):
    """What is known of the fleet. Any thread may ask."""

    def now(self) -> float:
        """Seconds since 1970, as the service sees them."""

    def status(self) -> Status | None:
        """The last published status; None before the first one."""

    def history(
        self, node: str, resource: str, since: float, until: float
    ) -> Sequence[HistoryPoint]:
        """Windows of a node that end in a time, in order."""

    def ledger(self, since: float, until: float, by: By) -> Sequence[LedgerRow]:
        """What promises were worth in a time, in whole days."""

    def events(self, after: int, limit: int) -> Sequence[ServiceEvent]:
        """Events with greater numbers, in order; with ``after`` -1, the newest ones."""

    def health(self) -> ServiceHealth:
        """How the service does."""

    def hold(self, node: str, by: str, note: str) -> NodeHold | None:
        """Freeze the offer of a node; None if there is no such node."""

    def unhold(self, node: str, by: str) -> bool:
        """End a freeze; returns whether there was one."""

    def placement(self) -> PlacementView | None:
        """OpenStack's Placement as it was seen last; None where offers do not go there."""

    def balloon(self) -> BalloonView | None:
        """What the memory companion does; None where none runs."""

    def metrics(self) -> str:
        """Own metrics, as Prometheus reads them."""
