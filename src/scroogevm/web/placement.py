"""The port for OpenStack's Placement that API and page read; its sink implements it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable


@dataclass(frozen=True)
class PlacementRow:
    """One resource class of one node: Placement's view beside the offer.

    Attributes:
        node: its name in the telemetry.
        kind: resource class, such as ``VCPU``; empty where the plan leaves out all of the node.
        resource: ``cpu`` or ``mem``; empty likewise.
        total: units that Placement knows, and so below; None where it has no such inventory.
        reserved: units that VMs never get.
        used: units that are allocated.
        room: units that Placement would still hand out.
        free: what is offered, in cores or MiB; None if there is none.
        ratio: the allocation ratio that it has.
        after: the ratio that is to be written; None for none.
        plan: ``change``, ``back`` for a change to the start, ``written`` where that was done for
            this window, or why the ratio stays.
        reason: in plain words.
    """

    node: str
    kind: str
    resource: str
    total: int | None
    reserved: int | None
    used: int | None
    room: int | None
    free: float | None
    ratio: float | None = None
    after: float | None = None
    plan: str = "unchanged"
    reason: str = ""


@dataclass(frozen=True)
class PlacementWrite:
    """A ratio that was sent to Placement.

    Attributes:
        time: when, seconds since 1970.
        node: its name in the telemetry.
        ratios: before and after, by class.
        purpose: ``offer``, ``rollback`` or ``start``.
        outcome: ``written``, ``conflict``, ``refused``, ``lost``; ``open`` while unknown.
        reason: why it was sent.
        detail: what Placement said.
    """

    time: float
    node: str
    ratios: Mapping[str, tuple[float, float]]
    purpose: str
    outcome: str
    reason: str
    detail: str


@dataclass(frozen=True)
class PlacementView:
    """Placement as the sink saw it last.

    Attributes:
        mode: ``plan``: nothing is written; ``apply``.
        window: number of the window that the plan is from; None before the first one.
        window_end: when that ended, seconds since 1970.
        changes: ratios that are to be written.
        stays: ratios that stay, by why.
        rows: classes of nodes, changes first.
        writes: the newest ones, newest first.
    """

    mode: Literal["plan", "apply"]
    window: int | None
    window_end: float | None
    changes: int
    stays: Mapping[str, int]
    rows: Sequence[PlacementRow]
    writes: Sequence[PlacementWrite]


@runtime_checkable
class PlacementSource(Protocol):
    """Knows Placement. Any thread may ask."""

    def view(self) -> PlacementView:
        """Placement as it was seen last."""
