"""Collects the facts of each node for checks and plan."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from scroogevm.offers.status import Status
from scroogevm.openstack.check import Case
from scroogevm.openstack.memory import Memory
from scroogevm.openstack.names import match
from scroogevm.openstack.records import RESOURCE_OF, Provider, Survey
from scroogevm.openstack.rules import Rules

SHARES = "MISC_SHARES_VIA_AGGREGATE"


def cases(
    status: Status, survey: Survey, memory: Memory, rules: Rules, then: Survey | None = None
) -> Sequence[Case]:
    """One case a node, in the order of the status.

    Args:
        status: that was published.
        survey: what Placement has.
        memory: what the journal knows.
        rules: the name table.
        then: an earlier look at Placement.
    """
    matches = match(status.nodes, survey.providers, rules.names)
    sharing = shared(survey.providers)
    ratios = ratios_of_aggregates(
        [one.provider for one in matches.values() if one.provider is not None]
    )
    found = []
    for node, offer in status.nodes.items():
        provider = matches[node].provider
        uuid = provider.uuid if provider is not None else ""
        found.append(
            Case(
                node=node,
                match=matches[node],
                offer=offer,
                survey=survey,
                sharing=sharing,
                written=_of(memory.written, uuid),
                replaced=_of(memory.replaced, uuid),
                stopped=_of(memory.stops, uuid),
                ratios=ratios,
                then=then.by_uuid.get(uuid) if then is not None else None,
            )
        )
    return found


def _of(table: Mapping[tuple[str, str], Any], uuid: str) -> Mapping[str, Any]:
    return {kind: table[uuid, kind] for kind in RESOURCE_OF if (uuid, kind) in table}


def shared(providers: Sequence[Provider]) -> Mapping[str, Sequence[Provider]]:
    """Providers that share what they have, by aggregate."""
    found: defaultdict[str, list[Provider]] = defaultdict(list)
    for provider in providers:
        if SHARES in provider.traits:
            for aggregate in provider.aggregates:
                found[aggregate].append(provider)
    return dict(found)


def ratios_of_aggregates(providers: Sequence[Provider]) -> Mapping[tuple[str, str], float]:
    """The ratio of a class that all members of an aggregate have, and few other nodes.

    One member shows nothing, and neither does a ratio that most other nodes have as well.
    """
    found: dict[tuple[str, str], float] = {}
    members: defaultdict[str, list[Provider]] = defaultdict(list)
    for provider in providers:
        for aggregate in provider.aggregates:
            members[aggregate].append(provider)
    for kind in RESOURCE_OF:
        every = [one.inventories[kind].ratio for one in providers if kind in one.inventories]
        for aggregate, inside in members.items():
            own = [one.inventories[kind].ratio for one in inside if kind in one.inventories]
            others = len(every) - len(own)
            if len(own) < 2 or len(set(own)) > 1 or not others:
                continue
            if every.count(own[0]) == len(own):
                found[aggregate, kind] = own[0]
    return found
