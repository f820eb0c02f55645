"""Applies refusals and rules to each VM of a node."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.mode import Leeway
from scroogevm.balloon.policy import Policy
from scroogevm.core.arrays import Bools, Floats


@dataclass(frozen=True, eq=False)
class Judgement:
    """What was said, before anything is chosen. Arrays are over VMs.

    Attributes:
        refusals: whom each refusal names.
        releases: whom each release names.
        floors: MiB that each says a VM needs; infinite where it cannot know.
        brakes: MiB below which each does not shrink a VM; likewise.
        paces: MiB above which each does not grow a VM.
        refused: VMs that some refusal names.
        untouched: VMs that are not even given back what was taken from them.
        released: VMs that get everything back at once.
        bounds: what is left to the mode; a VM that is refused stays where it is.
    """

    refusals: Mapping[str, Bools]
    releases: Mapping[str, Bools]
    floors: Mapping[str, Floats]
    brakes: Mapping[str, Floats]
    paces: Mapping[str, Floats]
    refused: Bools
    untouched: Bools
    released: Bools
    bounds: Leeway

    @classmethod
    def of(cls, facts: NodeFacts, policy: Policy) -> "Judgement":
        """Ask all refusals and rules."""
        guests = facts.guests
        refusals = {name: each.where(facts) for name, each in policy.refusals.items()}
        hands_off = [refusals[name] for name, each in policy.refusals.items() if each.hands_off]
        refused, untouched = _any(facts, refusals.values()), _any(facts, hands_off)
        releases = {name: each.where(facts) for name, each in policy.releases.items()}
        floors = {n: _known(each.at_least(facts)) for n, each in policy.floors.items()}
        brakes = {n: _known(each.at_least(facts)) for n, each in policy.brakes.items()}
        paces = {name: each.at_most(facts) for name, each in policy.paces.items()}

        pressed = _any(facts, releases.values())
        ours = np.isfinite(guests.asked)
        actual = np.nan_to_num(guests.actual)  # who has none is refused
        top = np.where(ours, np.fmax(guests.maximum, actual), actual)
        brake = np.minimum(actual, np.maximum.reduce([*brakes.values()]))
        brake = np.where(pressed, actual, brake)
        floor = np.minimum(np.maximum.reduce([*floors.values()]), top)
        raising = [floors[name] for name, each in policy.floors.items() if each.raises]
        raised = np.minimum(np.maximum.reduce(raising), top)
        lowest = np.maximum(brake, np.minimum(floor, actual))
        start = np.clip(np.where(ours, guests.asked, actual), lowest, top)
        most = np.clip(np.fmin.reduce([*paces.values()]), start, top)
        least = np.minimum(np.maximum(floor, brake), start)
        _, zone = policy.zone
        bounds = Leeway(
            start=np.where(refused, actual, start),
            floor=np.where(refused, actual, floor),
            raised=np.where(refused, actual, raised),
            least=np.where(refused, actual, least),
            most=np.where(refused, actual, most),
            top=top,
            smallest=zone.smallest(facts),
        )
        back = np.where(refused, ~untouched, pressed) & (np.fmin(actual, guests.asked) < top)
        return cls(
            refusals, releases, floors, brakes, paces, refused, untouched, back & ours, bounds
        )


def _known(limit: Floats) -> Floats:
    """A limit that holds where it is not known."""
    return np.where(np.isnan(limit), np.inf, limit)


def _any(facts: NodeFacts, each: Iterable[Bools]) -> Bools:
    return np.asarray(np.logical_or.reduce([np.zeros(facts.guests.count, np.bool_), *each]))
