"""Offers for tests of whoever takes them."""

import time
from typing import Any

from scroogevm.offers.status import (
    Inputs,
    NodeState,
    NodeStatus,
    OfferReason,
    ResourceOffer,
    Status,
)

SLICE = 1800.0


def resource(
    capacity: float = 64.0,
    allocated: float | None = 0.0,
    free: float = 64.0,
    state: NodeState = "ok",
    *reasons: OfferReason,
) -> ResourceOffer:
    """An offer of one resource."""
    return ResourceOffer(
        unit="cores",
        capacity=capacity,
        allocated=allocated,
        demand=capacity - free,
        estimated=capacity - free,
        free=free,
        ratio=None,
        strategy="greedy",
        state=state,
        since=0.0,
        reasons=reasons,
    )


def node(
    name: str,
    cpu: ResourceOffer | None = None,
    mem: ResourceOffer | None = None,
    vms: int | None = None,
    valid_until: float = 1e12,
) -> NodeStatus:
    """What is told of a node; one of 64 cores and 256 GiB with nothing on it unless said."""
    return NodeStatus(
        node=name,
        group="all",
        valid_until=valid_until,
        resources={
            "cpu": cpu or resource(),
            "mem": mem or resource(262_144.0, 0.0, 262_144.0),
        },
        inputs=Inputs(360, 360, 1.0, 10, vms, 0, 5.0, 5.0),
    )


def status(*nodes: NodeStatus, at: float | None = None, **more: Any) -> Status:
    """What is told of a fleet, computed now unless said."""
    now = time.time() if at is None else at
    by_name = {one.node: one for one in sorted(nodes, key=lambda x: x.node)}
    facts = {"version": 1, "window": int(now // SLICE), "window_end": now, "computed_at": now}
    return Status(**{**facts, **more}, scope=SLICE, slice=SLICE, nodes=by_name)
