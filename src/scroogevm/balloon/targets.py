"""The size that the policy wants for each VM, with the reason."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

from scroogevm.core.arrays import Floats

Act = Literal["shrink", "grow", "release", "keep", "refuse"]
"""``release`` gives everything back at once; ``refuse`` leaves a VM alone and says why."""


class SizeReason(NamedTuple):
    """Why a target is what it is.

    Attributes:
        rule: name of the rule or refusal that decided.
        sentence: in plain words.
    """

    rule: str
    sentence: str


@dataclass(frozen=True, eq=False)
class Targets:
    """What each VM of a node shall be.

    Attributes:
        size: MiB that each balloon shall leave, (vms,): where nothing changes, its actual size.
        act: what is done to each VM. Its size is asked of its balloon unless it is kept or refused,
            even if the same was asked before: a request that is not followed is made again.
        reasons: of each VM, the one that decided last; put into words when they are read.
        wanted: MiB that the host wants from its VMs; 0 if it needs nothing.
        facts: totals for people: what the host has free, its aim and so on, by name.
    """

    size: Floats
    act: Sequence[Act]
    reasons: Sequence[Sequence[SizeReason]]
    wanted: float
    facts: Mapping[str, float]
