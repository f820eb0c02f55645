"""The interface of a check: what prevents writing the ratio of a node."""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import ClassVar, Literal

from scroogevm.offers.status import NodeStatus
from scroogevm.openstack.memory import Replaced
from scroogevm.openstack.names import Match
from scroogevm.openstack.records import RESOURCE_OF, Inventory, Provider, Survey
from scroogevm.registry import Family, Plugin

Level = Literal["tells", "warns", "blocks"]
LEVELS: Sequence[Level] = ("tells", "warns", "blocks")
"""From the least to the worst. Nothing is written where a check blocks."""


@dataclass(frozen=True)
class Finding:
    """Something that a check found.

    Attributes:
        check: its name.
        kind: resource class that it concerns; empty for the whole node.
        level: how bad it is.
        sentence: what it is, in plain words.
        remedy: what to do about it; empty for nothing.
    """

    check: str
    kind: str
    level: Level
    sentence: str
    remedy: str = ""


@dataclass(frozen=True)
class Case:
    """What is known of one node.

    Attributes:
        node: its name in the telemetry.
        match: its provider.
        offer: its published offer.
        survey: the cloud.
        sharing: providers that share what they have, by aggregate.
        written: the ratio that was written last, by class; nothing where none was.
        replaced: the ratio before that, by class.
        stopped: why nothing is written any more, by class, as the journal has it.
        ratios: of aggregates all of whose members have one ratio that others do not have.
        then: the same provider at an earlier look; None for no such look.
    """

    node: str
    match: Match
    offer: NodeStatus
    survey: Survey
    sharing: Mapping[str, Sequence[Provider]] = field(default_factory=dict)
    written: Mapping[str, float] = field(default_factory=dict)
    replaced: Mapping[str, Replaced] = field(default_factory=dict)
    stopped: Mapping[str, str] = field(default_factory=dict)
    ratios: Mapping[tuple[str, str], float] = field(default_factory=dict)
    then: Provider | None = None

    @property
    def provider(self) -> Provider:
        """Its provider; asked for only where there is one."""
        if self.match.provider is None:
            raise ValueError(f"{self.node} has no provider")
        return self.match.provider

    @cached_property
    def tree(self) -> Sequence[Provider]:
        """The provider and what is part of it."""
        found, waiting = [], [self.provider]
        while waiting:
            one = waiting.pop()
            found.append(one)
            waiting += self.survey.children.get(one.uuid, ())
        return found

    def inventories(self) -> Iterator[tuple[str, Inventory]]:
        """Classes whose ratio may be written, with their inventories."""
        for kind in RESOURCE_OF:
            if kind in self.provider.inventories:
                yield kind, self.provider.inventories[kind]


class Check(Plugin, ABC):
    """Looks at one node. One file in ``openstack/checks/``, pure, without state.

    Attributes:
        matched: whether it needs a provider.
    """

    matched: ClassVar[bool] = True

    @abstractmethod
    def look(self, case: Case) -> Iterator[Finding]:
        """What it finds."""

    def finding(self, level: Level, sentence: str, remedy: str = "", kind: str = "") -> Finding:
        """A finding of this check."""
        return Finding(type(self).__module__.rpartition(".")[2], kind, level, sentence, remedy)


CHECKS = Family("scroogevm.openstack.checks", "check")


def examine(case: Case) -> Sequence[Finding]:
    """What all checks find on a node, the worst first."""
    found: list[Finding] = []
    for check in _all():
        if case.match.provider is not None or not check.matched:
            found += check.look(case)
    return sorted(found, key=lambda one: -LEVELS.index(one.level))


def _all() -> Sequence[Check]:
    if not _BUILT:
        _BUILT.extend(CHECKS.build(name) for name in CHECKS.names)
    return _BUILT


_BUILT: list[Check] = []
