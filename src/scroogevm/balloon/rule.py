"""The interfaces of rules: what the host needs, and what may be done to each VM."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple

import numpy as np

from scroogevm.balloon.facts import Host, NodeFacts
from scroogevm.core.arrays import Bools, Floats
from scroogevm.registry import Family, Plugin


class Ask(NamedTuple):
    """What a host asks in a cycle, MiB.

    Attributes:
        wanted: to be taken from all VMs together, 0 for nothing.
        room: that all VMs together may be given back, 0 for nothing.
    """

    wanted: float = 0.0
    room: float = np.inf


class Rule(Plugin, ABC):
    """One file in ``balloon/rules/``, pure, without state.

    Attributes:
        place: rules are tried in this order.
    """

    place: ClassVar[int]


class HostRule(Rule):
    """What the host asks. Of several demands the largest is asked, and the least room is left."""

    @abstractmethod
    def asks(self, host: Host) -> Ask:
        """What it asks; nothing where the host does not tell its fact."""

    @abstractmethod
    def sentence(self, host: Host) -> str:
        """Why it asks, or leaves no room."""


class GuestRule(Rule):
    """What can be said of each VM."""

    @abstractmethod
    def sentence(self, facts: NodeFacts, vm: int) -> str:
        """Why it applies to a VM, in plain words."""


class FloorRule(GuestRule):
    """What a VM needs, and is not shrunk below.

    Attributes:
        raises: whether a VM that has less is grown to it at once, whatever the host has left.
    """

    raises: ClassVar[bool] = True

    @abstractmethod
    def at_least(self, facts: NodeFacts) -> Floats:
        """MiB, (vms,); NaN if unknown: then the VM is not shrunk."""


class BrakeRule(GuestRule):
    """Below which a VM is not shrunk in this cycle. It does not grow by that."""

    @abstractmethod
    def at_least(self, facts: NodeFacts) -> Floats:
        """MiB, (vms,); NaN if unknown: then the VM is not shrunk."""


class PaceRule(GuestRule):
    """Above which a VM is not grown in this cycle, unless it needs to be."""

    @abstractmethod
    def at_most(self, facts: NodeFacts) -> Floats:
        """MiB, (vms,)."""


class ReleaseRule(GuestRule):
    """Which VMs get everything back at once. While it holds, they are not shrunk either."""

    @abstractmethod
    def where(self, facts: NodeFacts) -> Bools:
        """VMs under pressure, (vms,)."""


class ZoneRule(GuestRule):
    """Changes that are too small to be made."""

    @abstractmethod
    def smallest(self, facts: NodeFacts) -> Floats:
        """MiB, (vms,): a change of less is left out."""


class OrderRule(GuestRule):
    """Who gives first, and who gets first."""

    @abstractmethod
    def spare(self, facts: NodeFacts, size: Floats, floor: Floats) -> Floats:
        """What each VM has more than it needs and the host would gain, MiB, (vms,)."""

    @abstractmethod
    def share(self, facts: NodeFacts) -> Floats:
        """Of what all VMs may keep beyond their needs, the parts of each, (vms,), > 0."""


RULES = Family("scroogevm.balloon.rules", "rule", ("pressure", "proactive", "predecessor"))


def reserve(facts: NodeFacts) -> Floats:
    """What a guest cannot see of its own memory, actual - available, MiB, (vms,).

    A balloon that moves is ahead of what the guest says of itself: never less than 0.
    """
    guests = facts.guests
    return np.maximum(0.0, guests.actual - guests.available)


def eased(host: Host, ease: float) -> float:
    """How much can be afforded, 0 to 1: all of it where that share of the host is free.

    All of it too where the host does not tell, or where nothing is to be eased.
    """
    if not (host.total > 0 and host.available >= 0 and ease > 0):
        return 1.0
    return min(1.0, host.available / (ease * host.total))
