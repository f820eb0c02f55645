"""Plan, offers and journal, as the dashboard shows them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Literal

from scroogevm.offers.status import Status
from scroogevm.openstack.journal import Write
from scroogevm.openstack.plan import Plan, RatioChange, SeenInventory
from scroogevm.openstack.records import RESOURCE_OF
from scroogevm.web.placement import PlacementRow, PlacementView, PlacementWrite


def view_of(
    mode: Literal["plan", "apply"],
    plan: Plan | None,
    status: Status | None,
    writes: Sequence[Write],
) -> PlacementView:
    """What is shown.

    Args:
        mode: of the sink.
        plan: the newest one; None before the first.
        status: what it was made of.
        writes: the newest ones, in order.
    """
    rows = [] if plan is None or status is None else _rows(plan, status, _written(status, writes))
    return PlacementView(
        mode=mode,
        window=None if plan is None else plan.window,
        window_end=None if status is None else status.window_end,
        changes=sum(row.plan in ("change", "back") for row in rows),
        stays={} if plan is None else dict(Counter(one.why for one in plan.stays)),
        rows=rows,
        writes=[_write(one) for one in reversed(writes)],
    )


_Written = Mapping[tuple[str, str], float]
"""The ratio of each node and class that was written since a status was made."""


def _written(status: Status, writes: Sequence[Write]) -> _Written:
    return {
        (one.node, kind): after
        for one in writes
        if one.answer == "written" and one.time >= status.computed_at
        for kind, (_, after) in one.ratios().items()
    }


def _rows(plan: Plan, status: Status, written: _Written) -> Sequence[PlacementRow]:
    seen = {(one.node, one.kind): one for one in plan.inventories}
    changes = [
        _changed(one, _row(seen.get((one.node, one.kind)), one.node, one.kind, status), written)
        for one in plan.changes
    ]
    stays = [
        replace(
            _row(seen.get((one.node, one.kind)), one.node, one.kind, status),
            ratio=one.ratio,
            plan=one.why,
            reason=one.reason,
        )
        for one in plan.stays
    ]
    return [*changes, *sorted(stays, key=lambda one: (one.plan == "unchanged", one.node, one.kind))]


def _changed(change: RatioChange, row: PlacementRow, written: _Written) -> PlacementRow:
    """A change that is to come, or that is in Placement by now."""
    if written.get((change.node, change.kind)) == change.after:
        return replace(
            row,
            ratio=change.after,
            room=change.room_after,
            plan="written",
            reason=change.reason,
        )
    return replace(
        row,
        ratio=change.before,
        after=change.after,
        plan="back" if change.back else "change",
        reason=change.reason,
    )


def _row(seen: SeenInventory | None, name: str, kind: str, status: Status) -> PlacementRow:
    resource = RESOURCE_OF.get(kind, "")
    node = status.nodes.get(name)
    offer = node.resources.get(resource) if node is not None else None
    return PlacementRow(
        node=name,
        kind=kind,
        resource=resource,
        total=None if seen is None else seen.total,
        reserved=None if seen is None else seen.reserved,
        used=None if seen is None else seen.used,
        room=None if seen is None else seen.room,
        free=None if offer is None else offer.free,
    )


def _write(write: Write) -> PlacementWrite:
    return PlacementWrite(
        time=write.time,
        node=write.node,
        ratios=write.ratios(),
        purpose=write.purpose,
        outcome=write.answer or "open",
        reason=write.reason,
        detail=write.detail,
    )
