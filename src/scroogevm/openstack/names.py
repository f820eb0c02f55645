"""Finds the resource provider of a node."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from scroogevm.openstack.records import RESOURCE_OF, Provider

SHOWN = 3
"""Names in a sentence, at most."""


@dataclass(frozen=True)
class Match:
    """What was found for a node.

    Attributes:
        provider: its provider; None if there is none, or it is not sure.
        how: ``table``, ``same name``, ``other case``, ``short name`` or empty.
        problem: why there is none, in words; empty where there is one.
    """

    provider: Provider | None
    how: str = ""
    problem: str = ""


def match(
    nodes: Iterable[str], providers: Sequence[Provider], table: Mapping[str, str] | None = None
) -> Mapping[str, Match]:
    """The provider of each node.

    Tried in this order, and the first rule that finds one decides: the table, the same name, the
    same name in other case, the name up to the first dot on either side. Where a rule finds two,
    none is taken. Where two nodes find the same provider, neither has it.

    Args:
        nodes: names in the telemetry.
        providers: all of them; only roots are hosts.
        table: name or uuid of the provider of a node.
    """
    book = _Book(providers)
    found = {node: book.find(node, (table or {}).get(node)) for node in nodes}
    claims: dict[str, list[str]] = {}
    for node, one in found.items():
        if one.provider is not None:
            claims.setdefault(one.provider.uuid, []).append(node)
    for claimants in claims.values():
        if len(claimants) > 1:
            problem = f"nodes {_listed(claimants)} would be the same provider"
            found.update({node: Match(None, problem=problem) for node in claimants})
    return found


class _Book:
    """Root providers by every name that they answer to."""

    def __init__(self, providers: Sequence[Provider]) -> None:
        self._all = providers
        self._roots = [one for one in providers if not one.parent]
        self._named = {one.name: one for one in self._roots}
        self._uuids = {one.uuid: one for one in self._roots}
        self._cases = _grouped(self._roots, lambda name: name.casefold())
        self._shorts = _grouped(self._roots, _short)
        self._nested = {
            one.parent
            for one in providers
            if one.parent and set(one.inventories) & set(RESOURCE_OF)
        }

    def find(self, node: str, told: str | None) -> Match:
        if told is not None:
            provider = self._uuids.get(told) or self._named.get(told)
            if provider is None:
                return Match(
                    None, problem=f"the table says {told!r}, and no provider has that name"
                )
            return self._whole(Match(provider, "table"))
        if node in self._named:
            return self._whole(Match(self._named[node], "same name"))
        for how, several in (
            ("other case", self._cases.get(node.casefold(), ())),
            ("short name", self._alike(node)),
        ):
            if len(several) > 1:
                names = _listed([one.name for one in several])
                return Match(None, problem=f"several providers match: {names}")
            if several:
                return self._whole(Match(several[0], how))
        return Match(None, problem="no provider has this name")

    def _alike(self, node: str) -> Sequence[Provider]:
        """Providers with the same short name, where one of both is short."""
        same = self._shorts.get(_short(node), ())
        return [one for one in same if "." not in node or "." not in one.name]

    def _whole(self, found: Match) -> Match:
        """Refuse a provider whose units are held by providers within it."""
        provider = found.provider
        if provider is None or provider.uuid not in self._nested:
            return found
        if set(provider.inventories) >= set(RESOURCE_OF):
            return found
        inner = [one.name for one in self._all if one.parent == provider.uuid]
        problem = f"{provider.name} is nested: VCPU or MEMORY_MB are those of {_listed(inner)}"
        return Match(None, problem=problem)


def _grouped(
    providers: Sequence[Provider], key: Callable[[str], str]
) -> Mapping[str, Sequence[Provider]]:
    found: dict[str, list[Provider]] = {}
    for one in providers:
        found.setdefault(key(one.name), []).append(one)
    return found


def _short(name: str) -> str:
    return name.partition(".")[0].casefold()


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(sorted(names)[:SHOWN]) + more
