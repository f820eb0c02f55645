"""Applies guards one after the other to an offer, and collects their reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np

from scroogevm.errors import MisuseError
from scroogevm.offers.facts import Facts
from scroogevm.offers.guard import GUARDS, Guard, Limit
from scroogevm.offers.offer import Change, Offer
from scroogevm.registry import Spec


class Reason(NamedTuple):
    """The reason of a guard for the offer of a node.

    Attributes:
        guard: its name.
        free_from: free before the guard.
        free_to: free after the guard.
        sentence: in plain words.
    """

    guard: str
    free_from: float
    free_to: float
    sentence: str


@dataclass(frozen=True)
class Chain:
    """The guards of one resource.

    Attributes:
        guards: by name, in the order in which they are applied.
    """

    guards: Mapping[str, Guard]

    @classmethod
    def of(cls, resource: str, changed: Sequence[str] = (), off: Sequence[str] = ()) -> "Chain":
        """All guards, with their defaults for a resource.

        Args:
            resource: ``cpu`` or ``mem``.
            changed: specs of guards with other parameters, ``step:most=0.2``.
            off: names of guards that are left out.

        Raises:
            MisuseError: there is no such guard or parameter, or a guard is named twice.
        """
        specs = {name: Spec(name) for name in GUARDS.names}
        given = [Spec.parse(text) for text in changed]
        twice = {one.name for one in given if sum(each.name == one.name for each in given) > 1}
        if twice:
            raise MisuseError(f"guard {min(twice)!r} is given twice", remedy="write it once")
        for name in [*off, *(spec.name for spec in given)]:
            GUARDS.load(name)
        specs |= {spec.name: spec for spec in given}
        built = {
            name: GUARDS.build(spec, resource) for name, spec in specs.items() if name not in off
        }
        return cls(dict(sorted(built.items(), key=lambda item: item[1].place)))

    def limit(self, offer: Offer, facts: Facts) -> Offer:
        """The offer after all guards."""
        for name, guard in self.guards.items():
            for limit in guard.limits(offer, facts):
                offer = _limited(offer, name, limit)
        return offer

    def reasons(self, offer: Offer, facts: Facts, node: int) -> Sequence[Reason]:
        """The reasons of the guards for a node, in their order; the last one decided.

        Args:
            offer: the result of ``limit``.
            facts: the input of ``limit``.
            node: row of the node.
        """
        found = []
        for change in offer.changes:
            place = int(np.searchsorted(change.node, node))
            if place < change.node.size and change.node[place] == node:
                guard = self.guards[change.guard]
                numbers = float(change.free_from[place]), float(change.free_to[place])
                sentence = guard.sentence(change.case, facts, node)
                found.append(Reason(change.guard, *numbers, sentence))
        return found


def _limited(offer: Offer, guard: str, limit: Limit) -> Offer:
    if not limit.where.any():
        return offer
    after = limit.on(offer)
    said = limit.where if limit.always else limit.where & (after.free < offer.free)
    node = np.flatnonzero(said)
    if not node.size:
        return after
    change = Change(guard, limit.case, limit.state, node, offer.free[node], after.free[node])
    return replace(after, changes=(*offer.changes, change))
