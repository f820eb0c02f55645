"""Pressure within real guests, through agents that answer, refuse, hang or babble."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest

from hypervisor.balloons import RULES, Balloons, MadeHost, companion
from hypervisor.guests import Guest
from hypervisor.nodes import Node
from scroogevm.balloon.agent import WAIT, pressure_of
from servers import wait

pytestmark = pytest.mark.hypervisor

SIZES = {"answers": 256, "refuses": 128, "hangs": 192, "babbles": 128}
DEAF = ("swapping:limit=1e6", "faulting:limit=1e6", "starving:share=0,least=0")
"""Rules that would see a guest without memory before its agent tells of it."""
LITTLE = 100
"""MiB left on the host: it asks."""


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node("n5") as found:
        yield found


@pytest.fixture(scope="module")
def guests(node: Node) -> Iterator[Mapping[str, Guest]]:
    """By what their agents do. The first has disks, to read and to swap to."""
    booting = [
        node.guest(
            kind,
            memory=memory,
            disk=192 * (kind == "answers"),
            swap=64 * (kind == "answers"),
            agent=kind,
        )
        for kind, memory in SIZES.items()
    ]
    with ExitStack() as stack:
        for guest in booting:
            stack.enter_context(closing(guest))
        yield {guest.name: guest.booted() for guest in booting}


def tainted(guest: Guest) -> bool:
    """Whether its agent was asked."""
    return any("agent" in text for text in guest.domain.messages(0))


def released(found: Balloons) -> bool:
    """Whether the guest got all its memory back, because its agent told that tasks wait."""
    return any(
        (act.act, act.name, act.after) == ("release", "answers", SIZES["answers"])
        and act.reason.startswith("Its tasks wait for memory")
        for act in found.fleet.view().acts
    )


def test_an_agent_tells_what_it_can(guests: Mapping[str, Guest]) -> None:
    wait(lambda: np.isfinite(pressure_of(guests["answers"].domain)), "an agent", every=0.5)
    for _ in range(3):  # the file is closed each time, and can be opened again
        assert 0 <= pressure_of(guests["answers"].domain) <= 1
    assert np.isnan(pressure_of(guests["refuses"].domain))
    assert np.isnan(pressure_of(guests["babbles"].domain))
    assert not tainted(guests["hangs"])


def test_a_guest_whose_tasks_wait_is_released_and_who_hangs_holds_up_nobody(
    node: Node, guests: Mapping[str, Guest], tmp_path: Path
) -> None:
    host = MadeHost(tmp_path)
    host.left(LITTLE)
    guest = guests["answers"]
    guest.do("cache 160")
    rules = (*RULES, *DEAF, "stalling:limit=0.02")
    with companion(node, host, tmp_path / "data", agent=True, rules=rules) as found:
        found.until("a guest to shrink", lambda vms: (vms["answers"].actual or 256) < 200)
        found.until("who hangs to shrink", lambda vms: (vms["hangs"].actual or 192) < 180)
        assert tainted(guests["hangs"])
        for held in range(16, 144, 16):  # what it holds and what it reads do not fit together
            if released(found):
                break
            guest.do(f"mem {held}")
            guest.do("cache 160")
            begun = time.monotonic()
            told = found.cycle()
            assert time.monotonic() - begun < WAIT + 2
            assert told["hangs"].act != "refuse"
        assert released(found)
        assert found.said == []
