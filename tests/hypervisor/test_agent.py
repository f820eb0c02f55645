"""Pressure within real guests, through agents that answer, refuse, hang or babble."""

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from pathlib import Path

import numpy as np
import pytest

from hypervisor.balloons import RULES, MadeHost, actual, companion
from hypervisor.guests import Guest
from hypervisor.nodes import Node
from scroogevm.balloon.agent import COUNT, FILE, pressure_of
from servers import wait

pytestmark = pytest.mark.hypervisor

SIZES = {"answers": 256, "refuses": 128, "hangs": 128, "babbles": 128}


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node("n5") as found:
        yield found


@pytest.fixture(scope="module")
def guests(node: Node) -> Iterator[Mapping[str, Guest]]:
    """By what their agents do; one has none, but a channel for one."""
    booting = [
        node.guest(kind, memory=memory, disk=192 if kind == "answers" else 0, agent=kind)
        for kind, memory in SIZES.items()
    ]
    with ExitStack() as stack:
        for guest in booting:
            stack.enter_context(closing(guest))
        yield {guest.name: guest.booted() for guest in booting}


def test_x(node: Node, guests: Mapping[str, Guest]) -> None:
    for name, guest in guests.items():
        for _ in range(2):
            begun = time.monotonic()
            found = pressure_of(guest.domain)
            print(name, found, time.monotonic() - begun)
        print(guest.domain.messages(0))
    import libvirt_qemu, json
    d = guests["answers"].domain
    def say(c, **w):
        try: return libvirt_qemu.qemuAgentCommand(d, json.dumps({"execute": c, "arguments": w}), 5, 0)
        except Exception as e: return repr(e)
    print(say("guest-file-open", path=FILE, mode="r"))
    print(say("guest-file-read", handle=1000, count=COUNT))
    print(say("guest-file-open", path="/proc/pressure/none", mode="r"))
    g = guests["answers"]
    g.do("cache 160")
    for m in (100, 150, 180, 190):
        g.do(f"mem {m}")
        g.do("cache 160")
        print(m, g.do("stat"), pressure_of(d))
