"""The status of a fleet at the end of a window: one object for every reader.

The status file, the API, the sinks and the journal hold the same object. Times are seconds since
1970. An unknown number is None. Readers use ``Status.at``: an expired offer has nothing free.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

VERSION = 1
"""Version of the format. A reader refuses another one."""

NodeState = Literal["ok", "held", "fallback", "withdrawn", "expired"]


@dataclass(frozen=True)
class OfferReason:
    """One guard that limited the offer.

    Attributes:
        guard: its name.
        before: free before it, cores or MiB.
        after: free after it; never more than before.
        sentence: the reason, in plain words.
    """

    guard: str
    before: float
    after: float
    sentence: str


@dataclass(frozen=True)
class NodeHold:
    """A freeze by an operator: the node is never offered more than when it began.

    Attributes:
        by: name of the token, or of the user of the system, that requested it.
        since: when it began.
        note: the reason, as they wrote it.
        free: free at that time, by resource; the largest offer while it lasts.
    """

    by: str
    since: float
    note: str = ""
    free: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class ResourceOffer:
    """One resource of one node.

    Attributes:
        unit: of all amounts here, ``cores`` or ``MiB``.
        capacity: of the node.
        allocated: the allocation of its VMs.
        demand: usage expected in the next window, after guards.
        estimated: the demand of the strategy, before guards.
        free: what may be allocated to further VMs.
        ratio: (allocated + free) / capacity.
        strategy: that estimated the demand, as it is configured.
        state: ``ok``; ``held``: no more than before; ``fallback``: VMs count at their allocation;
            ``withdrawn``: nothing is free; ``expired``: the offer is too old to be used.
        since: when the state began.
        reasons: of the guards that limited the offer, in their order; the last one decided.
        explanation: the reason of the strategy, in words; empty if it gives none.
        usage: percentile 99 of the usage in the window; None if unknown.
    """

    unit: str
    capacity: float | None
    allocated: float | None
    demand: float | None
    estimated: float | None
    free: float
    ratio: float | None
    strategy: str
    state: NodeState
    since: float
    reasons: Sequence[OfferReason] = ()
    explanation: str = ""
    usage: float | None = None

    @property
    def reason(self) -> str:
        """The sentence of the guard that decided; empty if none limited the offer."""
        lowered = [one for one in self.reasons if one.after < one.before]
        decided = lowered[-1:] or list(self.reasons[:1])
        return decided[0].sentence if decided else ""


@dataclass(frozen=True)
class Inputs:
    """The data behind an offer.

    Attributes:
        samples: of the node in the window.
        expected: samples in a complete window.
        coverage: share of them that are present, 0 to 1.
        windows: number of windows with samples so far.
        vms: VMs on the node; None if no sample listed them.
        vms_at_allocation: VMs without samples, which count at their allocation.
        age: seconds from the newest sample to the end of the window.
        list_age: seconds from the newest list of VMs to the end of the window.
    """

    samples: int
    expected: int
    coverage: float
    windows: int
    vms: int | None
    vms_at_allocation: int
    age: float | None
    list_age: float | None


@dataclass(frozen=True)
class NodeStatus:
    """The published offers of a node.

    Attributes:
        node: its name.
        group: name of its group.
        valid_until: after this time, a reader must use 0 as free.
        resources: by name, ``cpu`` and ``mem``.
        inputs: the data behind the offers.
        signals: contention by resource and name (``offers.facts.SIGNALS``), if it is known.
        hold: the freeze by an operator.
    """

    node: str
    group: str
    valid_until: float
    resources: Mapping[str, ResourceOffer]
    inputs: Inputs
    signals: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    hold: NodeHold | None = None

    @property
    def state(self) -> NodeState:
        """The worst of its resources."""
        return max((one.state for one in self.resources.values()), key=NODE_STATES.index)

    @property
    def reason(self) -> str:
        """The sentence that decided the worst resource; empty if no guard limited it."""
        worst = max(self.resources.values(), key=lambda one: NODE_STATES.index(one.state))
        return worst.reason


NODE_STATES: Sequence[NodeState] = ("ok", "held", "fallback", "withdrawn", "expired")
"""From the best to the worst."""


@dataclass(frozen=True)
class Status:
    """The published offers of a fleet.

    Attributes:
        version: of the format.
        window: number of the window that it was computed from, counted since 1970.
        window_end: when that window closed.
        computed_at: when it was judged.
        scope: seconds of a scope.
        slice: seconds of a slice.
        nodes: by name, sorted by name.
        producer: name and version of the program.
    """

    version: int
    window: int
    window_end: float
    computed_at: float
    scope: float
    slice: float
    nodes: Mapping[str, NodeStatus]
    producer: str = ""

    def at(self, now: float) -> "Status":
        """The status as it is valid at a time: an expired offer has nothing free."""
        if all(node.valid_until > now for node in self.nodes.values()):
            return self
        nodes = {
            name: node if node.valid_until > now else _expired(node)
            for name, node in self.nodes.items()
        }
        return replace(self, nodes=nodes)


def _expired(node: NodeStatus) -> NodeStatus:
    resources = {name: _spent(one, node.valid_until) for name, one in node.resources.items()}
    return replace(node, resources=resources)


def _spent(one: ResourceOffer, since: float) -> ResourceOffer:
    capacity, allocated = one.capacity, one.allocated
    ratio = allocated / capacity if capacity and allocated is not None else None
    said = OfferReason("expired", one.free, 0.0, "the offer is no longer valid")
    return replace(
        one, free=0.0, ratio=ratio, state="expired", since=since, reasons=(*one.reasons, said)
    )
