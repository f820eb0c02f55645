"""The marks of a companion on the VMs of a node, and the marks of other companions there."""

from collections.abc import Iterable, Mapping
from functools import partial

from scroogevm.balloon.asking import ask, in_words
from scroogevm.balloon.description import Mark
from scroogevm.balloon.mark import LEASE, MarkedError, mark_of, put_mark, take_mark
from scroogevm.balloon.watch import NodeWatch

_LOOK = 60.0
"""Seconds between looks for marks of other companions."""


class NodeMarks:
    """The marks on a node.

    Args:
        watch: looks at the node.
        owner: names this program.
    """

    def __init__(self, watch: NodeWatch, owner: str) -> None:
        self._watch = watch
        self._owner = owner
        self._marked: dict[str, float] = {}
        self._of_others: dict[str, float] = {}
        self._looked = self._others_until = float("-inf")

    def is_of_others(self, uuid: str, now: float) -> bool:
        """Whether another companion was found to hold a VM."""
        return self._of_others.get(uuid, 0.0) > now

    def put(self, originals: Mapping[str, float], now: float) -> Mapping[str, str]:
        """Mark VMs, unless they have been lately; why those are not that are not, by uuid.

        Where another companion has marked any VM of the node, none is.

        Args:
            originals: MiB that each had before it was first shrunk, by uuid.
            now: seconds since 1970.
        """
        fresh = [u for u in originals if self._marked.get(u, 0.0) < now + LEASE / 2]
        other = self._other(now) if fresh else None
        if other is not None:
            return dict.fromkeys(originals, f"another companion has this node ({other})")
        until = now + LEASE
        failures = ask(
            self._watch.hypervisor,
            lambda uuid: partial(put_mark, mark=Mark(self._owner, until, originals[uuid]), now=now),
            fresh,
        )
        self._marked |= {uuid: until for uuid in fresh if uuid not in failures}
        self._of_others |= {
            uuid: now + LEASE / 2
            for uuid, error in failures.items()
            if isinstance(error, MarkedError)
        }
        return in_words(failures)

    def renew(self, now: float) -> None:
        """Renew the marks of VMs that are held before they run out."""
        self.put({uuid: going.held.original for uuid, going in self._watch.following.items()}, now)

    def take(self, uuids: Iterable[str]) -> None:
        """Take the own marks off VMs."""
        every = list(uuids)
        ask(self._watch.hypervisor, lambda _: partial(take_mark, owner=self._owner), every)
        for uuid in every:
            self._marked.pop(uuid, None)
        self._watch.describe_again(every)  # what was read of them may have the mark still

    def _other(self, now: float) -> str | None:
        """Another companion that has marked a VM of the node; looked for once in a while."""
        if now < self._looked + _LOOK and self._others_until <= now:
            return None
        self._looked = now
        found = self._watch.hypervisor.ask_in_turn(mark_of, [vm.uuid for vm in self._watch.listed])
        others = {
            mark.owner: mark.until
            for mark in found.values()
            if isinstance(mark, Mark) and mark.owner != self._owner and mark.until > now
        }
        self._others_until = max(others.values(), default=0.0)
        return next(iter(others), None)
