"""Plans every change of a ratio, with the reason, and lists what stays."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import floor
from typing import Literal, NamedTuple

from scroogevm.offers.status import ResourceOffer, Status
from scroogevm.openstack import canary
from scroogevm.openstack.case import cases
from scroogevm.openstack.check import Case, Finding, examine
from scroogevm.openstack.headroom import Headroom, headroom
from scroogevm.openstack.memory import Memory
from scroogevm.openstack.ratio import RatioBounds, RatioTarget, accepted, target
from scroogevm.openstack.records import RESOURCE_OF, Inventory, Survey
from scroogevm.openstack.rules import Policy, Rules

Why = Literal[
    "blocked", "not adopted", "unchanged", "dead band", "kept", "canary", "share", "not asked"
]


@dataclass(frozen=True)
class RatioChange:
    """One ratio to be written.

    Attributes:
        node: its name in the telemetry.
        uuid: of its provider.
        kind: resource class.
        before: the ratio in Placement.
        after: the ratio to be written.
        net: total less reserved, units.
        used: units that Placement counts as allocated.
        limit: units that may be promised in all, by the offer.
        room_before: units that Placement would still hand out before.
        room_after: and after.
        reason: why, in plain words.
        back: whether it goes back to the start, which no offer asks for.
    """

    node: str
    uuid: str
    kind: str
    before: float
    after: float
    net: int
    used: int
    limit: float
    room_before: int
    room_after: int
    reason: str
    back: bool = False

    @property
    def too_much(self) -> float:
        """Share of the node that Placement hands out above the offer as it is."""
        return max(0.0, accepted(self.net, self.before) - self.limit) / self.net


@dataclass(frozen=True)
class Stay:
    """One ratio that stays.

    Attributes:
        node: its name in the telemetry.
        kind: resource class; empty for all of the node.
        ratio: in Placement; None if there is none.
        why: in a word.
        reason: in plain words.
    """

    node: str
    kind: str
    ratio: float | None
    why: Why
    reason: str


class SeenInventory(NamedTuple):
    """A resource class of a node, as Placement has it.

    Attributes:
        node: its name in the telemetry.
        kind: resource class.
        total: units that there are.
        reserved: units that VMs never get.
        used: units that are allocated.
        room: units that Placement would still hand out.
    """

    node: str
    kind: str
    total: int
    reserved: int
    used: int
    room: int


@dataclass(frozen=True)
class Plan:
    """What would be written.

    Attributes:
        window: number of the window that offers are from.
        changes: in the order in which they are written.
        stays: what is not, and why.
        findings: what checks found, by node.
        before: what room the fleet has.
        after: what room it would have.
        inventories: what Placement has of the nodes.
    """

    window: int
    changes: Sequence[RatioChange]
    stays: Sequence[Stay]
    findings: Mapping[str, Sequence[Finding]]
    before: Headroom
    after: Headroom
    inventories: Sequence[SeenInventory] = ()


def make_plan(
    status: Status,
    survey: Survey,
    memory: Memory,
    rules: Rules,
    *,
    now: float,
    ledger: canary.Ledger | None = None,
) -> Plan:
    """The plan for the published offers.

    Args:
        status: as it is valid now.
        survey: what Placement has.
        memory: what the journal knows.
        rules: what is allowed.
        now: seconds since 1970.
        ledger: what promises of nodes were worth.
    """
    changes: list[RatioChange] = []
    stays: list[Stay] = []
    findings: dict[str, Sequence[Finding]] = {}
    found = cases(status, survey, memory, rules)
    for case in found:
        if not rules.asked(case.node):
            stays.append(Stay(case.node, "", None, "not asked", "no pattern of --only matches it"))
            continue
        findings[case.node] = examine(case)
        for one in decide(case, memory, rules, findings[case.node]):
            if isinstance(one, RatioChange):
                changes.append(one)
            else:
                stays.append(one)
    doubt = canary.doubt(status, memory, rules, ledger, now)
    changes, held = _allowed(changes, status, memory, rules, doubt)
    providers = [case.provider for case in found if case.match.provider is not None]
    return Plan(
        window=status.window,
        changes=changes,
        stays=[*stays, *held],
        findings=findings,
        before=headroom(providers, {}),
        after=headroom(providers, {(one.uuid, one.kind): one.after for one in changes}),
        inventories=[one for case in found for one in _seen(case)],
    )


def _seen(case: Case) -> Iterator[SeenInventory]:
    if case.match.provider is None:
        return
    for kind, one in case.inventories():
        used = case.provider.used[kind]
        room = max(0, one.capacity - used)
        yield SeenInventory(case.node, kind, one.total, one.reserved, used, room)


def decide(
    case: Case, memory: Memory, rules: Rules, findings: Sequence[Finding]
) -> Sequence[RatioChange | Stay]:
    """What is to be done with each class of a node, whatever the others do."""
    blocks = [one for one in findings if one.level == "blocks"]
    for one in blocks:
        if not one.kind:
            return [Stay(case.node, "", None, "blocked", one.sentence)]
    decided: list[RatioChange | Stay] = []
    for kind, inventory in case.inventories():
        if kind not in rules.kinds:
            continue
        blocked = next((one for one in blocks if one.kind == kind), None)
        if blocked is not None:
            stay = Stay(case.node, kind, inventory.ratio, "blocked", blocked.sentence)
            decided.append(stay)
        elif (case.provider.uuid, kind) not in memory.starts:
            reason = (
                "its ratio was not adopted: `scroogevm placement adopt` keeps it for a rollback"
            )
            decided.append(Stay(case.node, kind, inventory.ratio, "not adopted", reason))
        else:
            decided.append(_decide(case, kind, inventory, memory, rules))
    return decided


def _decide(
    case: Case, kind: str, inventory: Inventory, memory: Memory, rules: Rules
) -> RatioChange | Stay:
    offer = case.offer.resources[RESOURCE_OF[kind]]
    policy = _policy(offer, rules)
    before, used = inventory.ratio, case.provider.used[kind]
    if policy == "keep":
        reason = f"the offer is {offer.state}, and then ratios are kept"
        return Stay(case.node, kind, before, "kept", reason)
    if policy == "start":
        after = memory.starts[case.provider.uuid, kind].ratio
        limit, reason = (
            float(accepted(inventory.net, after)),
            f"the offer is {offer.state}: back to the ratio at adoption",
        )
    else:
        bounds = rules.bounds.get(kind, RatioBounds())
        aim = target(inventory.net, used, offer.allocated or 0.0, offer.free, bounds)
        after, limit = aim.ratio, aim.limit
        reason = _reason(offer, aim, kind)
        if after > before + rules.step:
            after = floor(100 * (before + rules.step) + 1e-9) / 100
            reason += f"; a step of {rules.step:g} on the way to {aim.ratio:g}"
    if after == before:
        return Stay(case.node, kind, before, "unchanged", "it is right already")
    if policy == "close" and before < after < before * (1 + rules.dead_band):
        reason = f"{after:g} is less than {100 * rules.dead_band:g} % above it"
        return Stay(case.node, kind, before, "dead band", reason)
    return RatioChange(
        node=case.node,
        uuid=case.provider.uuid,
        kind=kind,
        before=before,
        after=after,
        net=inventory.net,
        used=used,
        limit=limit,
        room_before=max(0, floor(inventory.net * before) - used),
        room_after=max(0, floor(inventory.net * after) - used),
        reason=reason,
        back=policy == "start",
    )


def _policy(offer: ResourceOffer, rules: Rules) -> Policy:
    """What is done for the state of an offer; one that is good is written like a closing one."""
    if offer.state == "withdrawn":
        return rules.withdrawn
    return rules.stopped if offer.state == "expired" else "close"


def _reason(offer: ResourceOffer, aim: RatioTarget, kind: str) -> str:
    guard = f" ({offer.reasons[-1].sentence})" if offer.reasons else ""
    said = f"{aim.limit:.6g} {kind} may be allocated in all, {offer.free:.6g} are free{guard}"
    return {
        "high": f"{said}; no more than the largest ratio allowed",
        "low": f"{said}; no less than the least ratio allowed, which is more than the offer",
        "used": f"{said}; no less than what is used",
        "": said,
    }[aim.bound]


def _allowed(
    changes: Sequence[RatioChange], status: Status, memory: Memory, rules: Rules, doubt: str
) -> tuple[list[RatioChange], list[Stay]]:
    """Changes that may be written for this window, the most urgent first, and those that wait."""
    done = {node for node, (_, last) in memory.recent.items() if last >= status.computed_at}

    def held(one: RatioChange) -> str:
        """Why a change waits whatever the others are."""
        if one.node in done and one.after > one.before and not one.back:
            return "it was already written for this window"
        return "" if rules.is_canary(one.node) else doubt

    waiting = [
        _stay(one, "canary" if doubt else "share", held(one)) for one in changes if held(one)
    ]
    free = sorted(
        (one for one in changes if not held(one)),
        key=lambda one: (-one.too_much, one.before - one.after, one.node, one.kind),
    )
    may = max(1, floor(rules.share * len(status.nodes))) - len(done) if rules.share else 0
    nodes = list(dict.fromkeys(one.node for one in free))
    others = [node for node in nodes if node not in done][: max(0, may)]
    rank = {node: at for at, node in enumerate(nodes) if node in done or node in others}
    reason = f"{100 * rules.share:g} % of the nodes are written for one window, without this one"
    waiting += [_stay(one, "share", reason) for one in free if one.node not in rank]
    chosen = [one for one in free if one.node in rank]
    return sorted(chosen, key=lambda one: rank[one.node]), waiting


def _stay(change: RatioChange, why: Why, reason: str) -> Stay:
    return Stay(change.node, change.kind, change.before, why, reason)
