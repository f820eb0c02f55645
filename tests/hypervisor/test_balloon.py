"""The memory companion with real guests and their balloon drivers."""

import os
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path

import pytest

from commands import scroogevm
from hypervisor.balloons import (
    MIB,
    PHASES,
    RULES,
    TOTAL,
    Balloons,
    MadeHost,
    actual,
    companion,
    dies,
    fresh,
    settings,
)
from hypervisor.guests import Guest
from hypervisor.nodes import Node
from scroogevm.balloon.view import BalloonVM
from scroogevm.errors import MisuseError
from servers import wait

pytestmark = pytest.mark.hypervisor

SIZE = 256
RUNS = int(os.environ.get("SCROOGEVM_BALLOON_RUNS", "1"))
"""How often a guest comes to need memory; each takes a quarter of a minute."""

STARVES = 0.05
"""Share of its memory below which a guest starves."""

SWAPPED = 128
"""Pages of 4 KiB that a guest may have to read from its swap without being called swapping."""

LITTLE = 100
"""MiB left on the host: it asks."""


@pytest.fixture(scope="module")
def node() -> Iterator[Node]:
    with Node("n3") as found:
        yield found


@pytest.fixture(scope="module")
def pair(node: Node) -> Iterator[tuple[Guest, Guest]]:
    """One with disks, to read and to swap to; one without a driver."""
    guests = (
        node.guest("filled", memory=SIZE, disk=192, swap=64),
        node.guest("bare-3", driver=False),
    )
    with closing(guests[0]), closing(guests[1]):
        yield guests[0].booted(), guests[1].booted()


@pytest.fixture
def guest(pair: tuple[Guest, Guest]) -> Guest:
    """At its size, with a filled page cache."""
    found = pair[0]
    back(found)
    found.do("mem 0")
    found.do("cache 160")
    return found


@pytest.fixture
def host(tmp_path: Path) -> MadeHost:
    made = MadeHost(tmp_path)
    made.left(LITTLE)
    return made


def back(guest: Guest) -> None:
    wait(lambda: actual(guest) == SIZE, "the guest to be back at its size")


def shrunk(found: Balloons, name: str = "filled", least: float = 60) -> None:
    """Wait until so much is taken."""
    found.until("a guest to shrink", lambda vms: (vms[name].actual or SIZE) <= SIZE - least)


def at_rest(vms: Mapping[str, BalloonVM]) -> bool:
    """Whether the guest is small, and as it was asked to be."""
    vm = vms["filled"]
    return abs((vm.actual or 0) - (vm.target or 0)) < 2 and vm.act != "refuse"


def test_a_guest_with_filled_page_cache_shrinks_under_pressure_and_grows_back(
    node: Node, guest: Guest, host: MadeHost, tmp_path: Path
) -> None:
    cached = guest.do("stat")["Buffers"] / MIB
    assert cached > 120
    with companion(node, host, tmp_path / "data") as found:
        shrunk(found, least=100)
        (told,) = [vm for vm in found.fleet.view().nodes[0].vms if vm.name == "filled"]
        assert told.promised == SIZE
        assert told.reason
        assert guest.do("stat")["Buffers"] / MIB < cached - 20
        bare = found.cycle()["bare-3"]
        assert (bare.act, bare.actual) == ("refuse", 128)
        host.left(TOTAL)
        found.until("it to grow back", lambda vms: vms["filled"].actual == SIZE)
        found.cycle()
        assert found.fleet.held == 0
    assert guest.do("stat")["oom_kill"] == 0


@pytest.mark.parametrize("run", range(RUNS))
def test_a_guest_that_needs_memory_has_it_within_two_cycles(
    node: Node, guest: Guest, host: MadeHost, tmp_path: Path, run: int
) -> None:
    before = guest.do("stat")
    assert before["SwapTotal"] > 32 * MIB
    rules = [rule for rule in RULES if not rule.startswith("step")]  # as fast as by default
    with companion(node, host, tmp_path / f"data-{run}", rules=rules) as found:
        shrunk(found, least=100)
        least = actual(guest)
        for held in range(16, 144, 16):
            guest.do(f"mem {held}")
            fresh(guest)
            for _ in range(2):
                found.cycle()
            left = guest.do("stat")
            assert left["MemAvailable"] > STARVES * left["MemTotal"], f"it starves with {held} MiB"
        assert actual(guest) > least + 64
    after = guest.do("stat")
    assert after["oom_kill"] == before["oom_kill"]
    # Some pages that nobody used for long are swapped out and read back, with or without balloon.
    assert after["pswpin"] - before["pswpin"] < SWAPPED


@pytest.mark.parametrize("phase", PHASES)
def test_who_is_killed_leaves_what_the_next_one_gives_back(
    node: Node, guest: Guest, host: MadeHost, tmp_path: Path, phase: str
) -> None:
    dies(node, host, tmp_path / "data", phase)
    words = ("--node", f"{node.name}={node.uri}", "--data", tmp_path / "data")
    done = scroogevm("balloon", "restore", *words)
    assert done.returncode == 0, done.stderr
    back(guest)
    assert scroogevm("balloon", "restore", *words).stdout == "0 VMs given back, 0 not\n"


def test_a_vm_that_somebody_else_resized_is_left_to_them(
    node: Node, guest: Guest, host: MadeHost, tmp_path: Path
) -> None:
    with companion(node, host, tmp_path / "data") as found:
        shrunk(found)
        host.left(0.35 * TOTAL)  # neither asked for more nor given back
        for _ in range(4):  # so long that nothing libvirt tells is older than the last request
            found.until("it to be at rest", at_rest)
            fresh(guest)
        guest.domain.setMemoryFlags(240 * MIB, 1)
        wait(lambda: guest.domain.info()[2] == 240 * MIB, "libvirt to see the other's wish")
        vm = found.until(
            "it to be seen", lambda vms: vms["filled"].rule == "resized" and vms["filled"]
        )
        assert vm.act == "refuse"
    assert actual(guest) == 240
    guest.domain.setMemoryFlags(SIZE * MIB, 1)


def test_a_paused_vm_and_one_with_frozen_statistics_are_refused(
    node: Node, guest: Guest, host: MadeHost, tmp_path: Path
) -> None:
    domain = guest.domain
    domain.setMemoryStatsPeriod(0, 1)
    try:
        with companion(node, host, tmp_path / "data") as found:
            assert found.cycle()["filled"].act == "refuse"
            domain.suspend()
            try:
                assert found.cycle()["filled"].act == "refuse"
            finally:
                domain.resume()
    finally:
        domain.setMemoryStatsPeriod(1, 1)
    assert actual(guest) == SIZE


def test_a_period_is_set_where_that_is_allowed(
    node: Node, guest: Guest, host: MadeHost, tmp_path: Path
) -> None:
    guest.domain.setMemoryStatsPeriod(0, 1)
    try:
        with companion(node, host, tmp_path / "data", period=1) as found:
            shrunk(found, least=20)
    finally:
        guest.domain.setMemoryStatsPeriod(1, 1)


@pytest.mark.usefixtures("guest")
def test_libvirtd_may_be_restarted_while_a_guest_is_small(
    node: Node, host: MadeHost, tmp_path: Path
) -> None:
    with companion(node, host, tmp_path / "data") as found:
        shrunk(found)
        node.stop_libvirtd()
        try:
            assert found.cycle() == {}
        finally:
            node.start_libvirtd()
        host.left(TOTAL)
        found.until("it to grow back", lambda vms: vms and vms["filled"].actual == SIZE)
    assert any("answers again" in line for line in found.said)


def test_two_companions_keep_off_each_other(
    node: Node, guest: Guest, host: MadeHost, tmp_path: Path
) -> None:
    # The first one leaves something that the second one would take.
    with companion(node, host, tmp_path / "data", minimum=180.0) as found:
        with pytest.raises(MisuseError, match="another companion acts on it"):
            Balloons(settings(node, host, tmp_path / "other"))
        shrunk(found)
        # The same libvirt under another address: as if from another machine.
        there = {node.name: f"{node.uri}&mode=legacy"}
        with companion(node, host, tmp_path / "other", nodes=there) as other:
            told = other.until(
                "the mark to be seen", lambda vms: vms["filled"].failure and vms["filled"]
            )
            assert "another companion" in told.failure
            assert other.fleet.held == 0
    back(guest)


@pytest.mark.usefixtures("guest")
def test_a_journal_that_is_lost_is_made_up_for_by_the_mark(
    node: Node, host: MadeHost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scroogevm.balloon.marks.LEASE", 1.0)
    lost = Balloons(settings(node, host, tmp_path / "data"))
    shrunk(lost)
    lost.fleet.close()
    host.left(TOTAL)
    with companion(node, host, tmp_path / "other") as found:
        found.until("it to grow back", lambda vms: vms["filled"].actual == SIZE)


def test_a_vm_that_is_shut_off_in_the_middle_costs_nothing(
    node: Node, guest: Guest, host: MadeHost, tmp_path: Path
) -> None:
    short = node.guest("short", memory=160)
    with companion(node, host, tmp_path / "data") as found:
        short.booted()
        shrunk(found, least=20)
        short.domain.destroy()
        vms = found.cycle()
        assert "short" not in vms
        assert vms["filled"].failure == ""
    back(guest)
