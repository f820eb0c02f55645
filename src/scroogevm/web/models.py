"""Request and answer models of the API."""

from collections.abc import Sequence
from dataclasses import dataclass

from scroogevm.offers.status import NodeStatus


@dataclass(frozen=True)
class NodePage:
    """Some nodes.

    Attributes:
        nodes: in the order that was asked for.
        next: cursor of the page that follows; None on the last one.
        total: nodes that were asked for.
        window_end: of the window that the offers rest on, seconds since 1970.
    """

    nodes: Sequence[NodeStatus]
    next: str | None
    total: int
    window_end: float


@dataclass(frozen=True)
class HoldRequest:
    """Why a node is frozen.

    Attributes:
        note: in words.
    """

    note: str = ""


@dataclass(frozen=True)
class NodeExplanation:
    """Why the offers of a node are what they are.

    Attributes:
        node: its name.
        lines: sentences, in their order.
    """

    node: str
    lines: Sequence[str]
