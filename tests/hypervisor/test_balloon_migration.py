"""The memory companion and a guest that moves from one libvirtd to another."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from hypervisor.balloons import TOTAL, Balloons, MadeHost, actual, companion
from hypervisor.guests import Guest
from hypervisor.nodes import Node
from scroogevm.balloon.view import BalloonVM
from servers import wait

pytestmark = pytest.mark.hypervisor

SIZE = 256


@pytest.fixture
def nodes() -> Iterator[tuple[Node, Node]]:
    with Node("m1") as first, Node("m2") as second:
        yield first, second


def vms(found: Balloons) -> dict[str, dict[str, BalloonVM]]:
    """One cycle: the VMs of each node, by name."""
    return {one.node: {vm.name: vm for vm in one.vms} for one in found.fleet.cycle()}


def test_a_guest_is_left_alone_while_it_moves_and_given_back_where_it_arrives(
    nodes: tuple[Node, Node], tmp_path: Path
) -> None:
    first, second = nodes
    host = MadeHost(tmp_path)
    host.left(100)
    uris = {one.name: one.uri for one in nodes}
    with (
        closing(first.guest("mover", memory=SIZE)) as before,
        companion(first, host, tmp_path / "data", nodes=uris) as found,
    ):
        before.booted()
        wait(lambda: vms(found)["m1"]["mover"].act == "keep" and small(before), "it to shrink", 60)
        held = actual(before)
        moved: list[Guest] = []
        thread = threading.Thread(
            target=lambda: moved.append(first.migrate(before, second, slowly=True)), daemon=True
        )
        thread.start()
        host.left(TOTAL)  # it could be given back now
        wait(lambda: before.domain.jobInfo()[0] != 0, "it to move")
        told = vms(found)["m1"]["mover"]
        assert (told.act, told.rule) == ("refuse", "migrating")
        thread.join(120)
        (guest,) = moved
        with closing(guest):
            assert held <= actual(guest) < SIZE
            wait(lambda: vms(found)["m2"]["mover"].actual == SIZE, "it to be given back", 60)
            assert vms(found)["m1"] == {}
            assert guest.do("stat")["oom_kill"] == 0
        assert found.fleet.held == 0


def small(guest: Guest) -> bool:
    """Whether a part of it was taken."""
    return actual(guest) < SIZE - 40
