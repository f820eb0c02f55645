"""What the API tells of the memory companion, page by page: a fleet may have 500 000 VMs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import TypeVar

from scroogevm.balloon.journal import Acted
from scroogevm.balloon.view import BalloonNode, BalloonNodeFacts, BalloonView, BalloonVM

T = TypeVar("T")


@dataclass(frozen=True)
class BalloonTotals:
    """Sums over all nodes.

    Attributes:
        nodes: that are watched.
        unseen: of them, those that did not answer.
        vms: that run.
        refused: of them, those that are left alone.
        taken: MiB that VMs have less than they were promised, by this program.
        wanted: MiB that nodes ask for.
    """

    nodes: int
    unseen: int
    vms: int
    refused: int
    taken: float
    wanted: float


@dataclass(frozen=True)
class BalloonNodeRow(BalloonNodeFacts):
    """A node in the last cycle, with its VMs counted.

    Attributes:
        vms: how many run.
        refused: how many of them are left alone.
    """

    vms: int
    refused: int


@dataclass(frozen=True)
class BalloonNodePage:
    """Some nodes, and the sums over all of them.

    Attributes:
        mode: ``plan``: nothing is changed; ``apply``.
        policy: name of the policy's mode.
        time: when it was made, seconds since 1970.
        totals: over all nodes of the companion.
        nodes: by name.
        acts: the newest ones of these nodes, newest first.
        next: cursor of the page that follows; None on the last one.
        total: nodes that were asked for.
    """

    mode: str
    policy: str
    time: float
    totals: BalloonTotals
    nodes: Sequence[BalloonNodeRow]
    acts: Sequence[Acted]
    next: str | None
    total: int


@dataclass(frozen=True)
class BalloonVMRow:
    """A VM in the last cycle, and where it is.

    Attributes:
        node: that it is on.
        vm: the VM.
    """

    node: str
    vm: BalloonVM


@dataclass(frozen=True)
class BalloonVMPage:
    """Some VMs.

    Attributes:
        vms: by node and, on it, as libvirt lists them.
        next: cursor of the page that follows; None on the last one.
        total: VMs that were asked for.
    """

    vms: Sequence[BalloonVMRow]
    next: str | None
    total: int


def node_page(view: BalloonView, node: str | None, first: int, limit: int) -> BalloonNodePage:
    """Nodes from a place on; of one name, where one is given."""
    found = [one for one in view.nodes if node is None or one.node == node]
    nodes, further = _page(found, first, limit)
    return BalloonNodePage(
        mode=view.mode,
        policy=view.policy,
        time=view.time,
        totals=_totals(view),
        nodes=[_row(one) for one in nodes],
        acts=[one for one in view.acts if node is None or one.node == node],
        next=further,
        total=len(found),
    )


def vm_page(
    view: BalloonView, is_wanted: Callable[[BalloonVMRow], bool], first: int, limit: int
) -> BalloonVMPage:
    """Those VMs that are wanted, from a place on."""
    rows = (BalloonVMRow(node.node, vm) for node in view.nodes for vm in node.vms)
    found = [row for row in rows if is_wanted(row)]
    vms, further = _page(found, first, limit)
    return BalloonVMPage(vms, further, len(found))


def _page(found: Sequence[T], first: int, limit: int) -> tuple[Sequence[T], str | None]:
    more = first + limit < len(found)
    return found[first : first + limit], str(first + limit) if more else None


def _refused(node: BalloonNode) -> int:
    return sum(vm.act == "refuse" for vm in node.vms)


def _totals(view: BalloonView) -> BalloonTotals:
    return BalloonTotals(
        nodes=len(view.nodes),
        unseen=sum(bool(node.problem) for node in view.nodes),
        vms=sum(len(node.vms) for node in view.nodes),
        refused=sum(_refused(node) for node in view.nodes),
        taken=sum(node.taken or 0.0 for node in view.nodes),
        wanted=sum(node.wanted or 0.0 for node in view.nodes),
    )


def _row(node: BalloonNode) -> BalloonNodeRow:
    known = {one.name: getattr(node, one.name) for one in fields(BalloonNodeFacts)}
    return BalloonNodeRow(**known, vms=len(node.vms), refused=_refused(node))
