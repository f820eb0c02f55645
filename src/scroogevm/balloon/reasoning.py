"""Explains the size of each VM in plain words."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, overload

from scroogevm.balloon.asked import Asked
from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.judgement import Judgement
from scroogevm.balloon.policy import Policy
from scroogevm.balloon.targets import Act, SizeReason
from scroogevm.core.arrays import Bools, Floats

_NEAR = 1.0
"""MiB: a limit that is so near to a size has decided it."""


@dataclass(frozen=True, eq=False)
class Reasoning(Sequence[Sequence[SizeReason]]):
    """What was judged, and what came of it: the reasons of each VM, told when they are asked for.

    Attributes:
        facts: the node.
        policy: that decided.
        judged: what refusals and rules say.
        asked: what the host asks.
        change: MiB by which each VM is changed, (vms,).
        act: what is done to each.
    """

    facts: NodeFacts
    policy: Policy
    judged: Judgement
    asked: Asked
    change: Floats
    act: Sequence[Act]

    def __len__(self) -> int:
        return self.facts.guests.count

    @overload
    def __getitem__(self, at: int) -> Sequence[SizeReason]: ...

    @overload
    def __getitem__(self, at: slice) -> Sequence[Sequence[SizeReason]]: ...

    def __getitem__(self, at: int | slice) -> Sequence[Any]:
        if isinstance(at, slice):
            return [self._of(vm) for vm in range(len(self))[at]]
        return self._of(range(len(self))[at])

    def _of(self, vm: int) -> Sequence[SizeReason]:
        if self.judged.refused[vm]:
            return list(self._named(self.judged.refusals, vm))
        if self.act[vm] == "release":
            return list(self._named(self.judged.releases, vm))
        return [*self._host(), *self._mode(vm), *self._limits(vm)]

    def _host(self) -> Iterator[SizeReason]:
        if self.asked.reason is not None:
            yield self.asked.reason

    def _mode(self, vm: int) -> Iterator[SizeReason]:
        change = float(self.change[vm])
        if change and self.asked.reason is not None:
            name, order = self.policy.order
            yield SizeReason(name, order.sentence(self.facts, vm))
        yield SizeReason(self.policy.name, self.policy.mode.sentence(self.facts, vm, change))

    def _limits(self, vm: int) -> Iterator[SizeReason]:
        """The limits that a VM is at."""
        judged, act = self.judged, self.act[vm]
        size = float(self.facts.guests.actual[vm] + self.change[vm])
        if act == "grow":
            at = {n for n, each in judged.paces.items() if abs(each[vm] - size) < _NEAR}
            at |= {n for n, each in judged.floors.items() if abs(each[vm] - size) < _NEAR}
        elif act == "shrink" or self.asked.ask.wanted:
            lower = {**judged.floors, **judged.brakes}
            close = _NEAR + (float(judged.bounds.smallest[vm]) if act == "keep" else 0.0)
            at = {name for name, each in lower.items() if each[vm] > size - close}
            if act == "keep":
                yield from self._named(judged.releases, vm)
                at |= {self.policy.zone[0]} if at else set()
        else:
            return
        for name, rule in self.policy.limits.items():
            if name in at:
                yield SizeReason(name, rule.sentence(self.facts, vm))

    def _named(self, where: Mapping[str, Bools], vm: int) -> Iterator[SizeReason]:
        known = self.policy.limits
        for name, each in where.items():
            if each[vm]:
                said = known[name] if name in known else self.policy.refusals[name]
                yield SizeReason(name, said.sentence(self.facts, vm))
