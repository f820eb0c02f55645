"""Restores the ratios of the start or of a time, from the journal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from scroogevm.errors import PlacementError
from scroogevm.openstack.apply import Done, worded
from scroogevm.openstack.journal import Purpose
from scroogevm.openstack.memory import Key, Memory, Start
from scroogevm.openstack.records import InventoryRecord, Provider
from scroogevm.openstack.writer import Writer

TRIES = 10
LOOKS = 4
"""Times that ratios are written and looked at again."""
SETTLE = 1.0
"""Seconds before they are looked at: nova-compute, which had read them before, has written then."""


@dataclass(frozen=True)
class Restore:
    """One ratio that goes back.

    Attributes:
        node: its name in the telemetry.
        uuid: of its provider.
        kind: resource class.
        before: the ratio in Placement.
        after: the ratio to be restored.
        conflict: what somebody else wrote meanwhile, in words; empty for nothing.
        remarks: fields besides the ratio that are not as they were, which stay as they are.
    """

    node: str
    uuid: str
    kind: str
    before: float
    after: float
    conflict: str = ""
    remarks: Sequence[str] = ()


@dataclass
class Undoing:
    """What a rollback does.

    Attributes:
        restores: ratios that go back.
        conflicts: ratios that somebody else wrote, which stay unless they are forced.
        gone: providers or classes that are no more, in words.
        right: ratios that are as they were.
        asked: inventories that it is about.
        done: what came of each provider.
    """

    restores: Sequence[Restore] = ()
    conflicts: Sequence[Restore] = ()
    gone: Sequence[str] = ()
    right: int = 0
    asked: Sequence[tuple[Key, str]] = ()
    done: list[Done] = field(default_factory=list)

    @property
    def well(self) -> bool:
        """Whether all is as it was."""
        written = all(one.outcome == "written" for one in self.done)
        return written and not self.conflicts and not self.gone


def plan_rollback(
    providers: Mapping[str, Provider],
    memory: Memory,
    ratios: Mapping[Key, float],
    *,
    force: bool = False,
) -> Undoing:
    """What goes back.

    Args:
        providers: by uuid, as they are.
        memory: what the journal knows.
        ratios: those to go back to, of adopted inventories.
        force: whether what somebody else wrote is overwritten.
    """
    restores: list[Restore] = []
    conflicts: list[Restore] = []
    gone, right = [], 0
    for key, ratio in sorted(ratios.items(), key=lambda x: (memory.starts[x[0]].node, x[0])):
        start, provider = memory.starts[key], providers.get(key[0])
        inventory = provider.inventories.get(key[1]) if provider is not None else None
        if inventory is None:
            gone.append(f"{start.node}: {start.provider} has no {key[1]} any more")
            continue
        one = Restore(
            start.node,
            *key,
            before=inventory.ratio,
            after=ratio,
            conflict=_conflict(inventory.ratio, memory, key),
            remarks=_other_fields(start, inventory.record),
        )
        if inventory.ratio == ratio:
            right += 1
        else:
            (conflicts if one.conflict and not force else restores).append(one)
    asked = [(key, memory.starts[key].node) for key in ratios]
    return Undoing(restores, conflicts, gone, right, asked)


def roll_back(
    writer: Writer,
    providers: Mapping[str, Provider],
    undoing: Undoing,
    *,
    purpose: Purpose = "rollback",
    reason: str = "back to the earlier ratio",
) -> None:
    """Write what a rollback restores; its nodes stop, so that no offer undoes it.

    Args:
        writer: of the cloud.
        providers: by uuid, as they were read.
        undoing: the changes to undo; their results are added.
        purpose: ``rollback``, or ``start`` where the service goes on later.
        reason: why, for the journal.

    Raises:
        OutputError: the journal cannot be written.
    """
    if purpose == "rollback":
        for key, node in undoing.asked:
            writer.journal.stop(key, node, "it was rolled back", writer.pace.now())
    left = undoing.restores
    for _ in range(LOOKS):
        done = _restore_all(writer, providers, left, purpose, reason)
        again = {one.node for one in done}
        undoing.done[:] = [*(one for one in undoing.done if one.node not in again), *done]
        if not left or not writer.pace.wait(SETTLE):
            return
        uuids = dict.fromkeys(one.uuid for one in undoing.restores)
        providers = {uuid: writer.client.inventories(providers[uuid]) for uuid in uuids}
        left = [
            one for one in undoing.restores if _ratio(providers[one.uuid], one.kind) == one.before
        ]
    undoing.done += [
        Done(one.node, f"{one.kind} stays {one.before:g}", "conflict", "it is put back each time")
        for one in left
    ]


def _restore_all(
    writer: Writer,
    providers: Mapping[str, Provider],
    restores: Sequence[Restore],
    purpose: Purpose,
    reason: str,
) -> Sequence[Done]:
    done = []
    for uuid, group in groupby(sorted(restores, key=lambda x: x.uuid), lambda x: x.uuid):
        if not writer.turn():
            break
        done.append(_restore(writer, providers[uuid], list(group), purpose, reason))
    return done


def _ratio(provider: Provider, kind: str) -> float | None:
    inventory = provider.inventories.get(kind)
    return None if inventory is None else inventory.ratio


def _restore(
    writer: Writer, provider: Provider, some: Sequence[Restore], purpose: Purpose, reason: str
) -> Done:
    what = worded({one.kind: (one.before, one.after) for one in some})
    ratios = {one.kind: one.after for one in some}
    detail = ""
    for _ in range(TRIES):
        outcome, detail = writer.write(
            provider, ratios, node=some[0].node, purpose=purpose, reason=reason
        )
        if outcome != "conflict":
            return Done(some[0].node, what, outcome, detail)
        try:
            provider = writer.client.inventories(provider)
        except PlacementError as error:
            return Done(some[0].node, what, "conflict", str(error))
        for one in some:
            inventory = provider.inventories.get(one.kind)
            if inventory is None or inventory.ratio != one.before:
                return Done(some[0].node, what, "conflict", f"somebody else wrote {one.kind}")
    return Done(
        some[0].node,
        what,
        "conflict",
        f"{TRIES} times somebody else wrote in the meantime: {detail}",
    )


def _conflict(there: float, memory: Memory, key: Key) -> str:
    """What somebody else wrote; the ratio before the last write was not written by another."""
    wrote, replaced = memory.written.get(key, memory.starts[key].ratio), memory.replaced.get(key)
    if there == wrote or (replaced is not None and there == replaced.ratio):
        return ""
    return f"{wrote:g} was written last, and somebody else wrote {there:g}"


def _other_fields(start: Start, record: InventoryRecord) -> Sequence[str]:
    names = sorted(({*start.record} | {*record}) - {"allocation_ratio"})
    return [
        f"{name} was {start.record.get(name)} and is {record.get(name)}"
        for name in names
        if start.record.get(name) != record.get(name)
    ]
