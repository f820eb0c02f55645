"""The nodes and guests that other tests rely on."""

from collections.abc import Mapping

import pytest

from hypervisor.guests import Guest
from hypervisor.nodes import Node
from servers import wait

pytestmark = pytest.mark.hypervisor


def test_each_node_has_its_own_guests(nodes: list[Node], guests: Mapping[str, Guest]) -> None:
    names = [{domain.name() for domain in node.connection.listAllDomains()} for node in nodes]
    assert names == [{"web-1", "db_2"}, {"idle", "bare"}]
    assert names[0] | names[1] == set(guests)


def test_a_guest_holds_memory_and_its_driver_says_so(guests: Mapping[str, Guest]) -> None:
    guest = guests["web-1"]
    free = guest.do("mem 0")["MemAvailable"]
    assert free - guest.do("mem 40")["MemAvailable"] > 38 << 10
    wait(lambda: guest.domain.memoryStats()["usable"] < free - (38 << 10), "its driver to say so")
    assert guest.do("mem 0")["MemAvailable"] > free - (4 << 10)


def test_a_guest_without_driver_says_nothing(guests: Mapping[str, Guest]) -> None:
    assert "usable" not in guests["bare"].domain.memoryStats()
