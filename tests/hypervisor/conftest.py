"""Two nodes with four guests, for all tests of this folder."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from functools import partial

import pytest

from hypervisor.guests import Guest, preferred
from hypervisor.nodes import Node
from hypervisor.probes import Probe, Watch
from scroogevm.ports import DIALECTS
from servers import wait


@pytest.fixture(scope="session")
def nodes() -> Iterator[list[Node]]:
    with Node("n1") as first, Node("n2") as second:
        yield [first, second]


@pytest.fixture(scope="session")
def guests(nodes: list[Node]) -> Iterator[Mapping[str, Guest]]:
    """By name: two with a driver on the first node, one with and one without on the second."""
    first, second = nodes
    booting = [
        first.guest("web-1", memory=192),
        first.guest("db_2"),
        second.guest("idle"),
        second.guest("bare", driver=False),
    ]
    with ExitStack() as stack:
        for guest in booting:
            stack.enter_context(closing(guest))
        stack.enter_context(preferred(booting))
        yield {guest.name: guest.booted() for guest in booting}


@pytest.fixture(scope="session")
def probes(nodes: list[Node], guests: Mapping[str, Guest]) -> Iterator[list[Probe]]:
    """One on each node, which sees its guests."""
    with Probe(nodes[0]) as first, Probe(nodes[1]) as second:
        for probe, name in ((first, "web-1"), (second, "idle")):
            wait(partial(probe.speaks_of, guests[name].name), "a probe to see guests")
        yield [first, second]


@pytest.fixture
def watches(probes: list[Probe]) -> list[Watch]:
    """One for each probe."""
    return [Watch(probe, DIALECTS.build("scroogevm")) for probe in probes]
