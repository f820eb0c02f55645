"""What libvirt says, whatever happens to it or to one of its VMs."""

import threading
from collections.abc import Callable, Iterator, Sequence
from threading import Event
from types import SimpleNamespace

import pytest

from probe.trees import LIBRARY, NEWER, OTHER, UUID, Error, Host, Vm, answer
from scroogevm.errors import MissingExtraError
from scroogevm.hypervisor import library
from scroogevm.hypervisor.hypervisor import HANGING, HELD, WIDTH, Hypervisor, Listed, View
from scroogevm.hypervisor.limits import CallLimits, HeldError
from scroogevm.hypervisor.openstack import NAMESPACES, read_openstack
from scroogevm.probe.vm_values import read_stats
from servers import wait

SHORT = 0.05
"""Seconds that a call may take which is meant to hang."""

LONG = 30.0
"""Seconds that a call may take which is not."""


@pytest.fixture
def host(monkeypatch: pytest.MonkeyPatch) -> Host:
    """A libvirt with two VMs."""
    monkeypatch.setattr(library, "libvirt", lambda: LIBRARY)
    host = Host()
    host.add("web-1", UUID)
    host.add("db_2", OTHER, stats=answer(2 * 10**10))
    return host


@pytest.fixture
def blocked() -> Iterator[Event]:
    """Blocks whoever waits for it; they go on at the end."""
    event = Event()
    yield event
    event.set()


def look(hypervisor: Hypervisor) -> View:
    return hypervisor.look(lambda _: None)


def seen(view: View) -> dict[str, bool]:
    return {
        listed.name: listed.uuid in view.stats and listed.uuid not in view.late
        for listed in view.listed
    }


def test_hundreds_of_vms_are_one_call(host: Host) -> None:
    for number in range(400):
        host.add(f"vm{number}", f"{number:08x}-2222-3333-4444-555555555555")
    hypervisor = Hypervisor("x", LONG, host.connect)
    view = look(hypervisor)
    assert len(view.stats) == len(view.listed) == 402
    assert host.calls == ["list", "stats 402"]
    opened = host.opened
    assert opened <= 1 + WIDTH
    look(hypervisor)
    assert host.opened == opened


def test_an_answer_that_fails_for_all_is_asked_for_again(host: Host) -> None:
    failing = [True]

    def once(vms: Sequence[Vm]) -> None:
        if len(vms) > 1 and failing:
            failing.clear()
            raise Error("Unable to read from monitor: Connection reset by peer", 38)

    host.on_stats = once
    moments: list[Sequence[Listed]] = []
    view = Hypervisor("x", LONG, host.connect).look(moments.append)
    assert seen(view) == {"web-1": True, "db_2": True}
    assert host.calls == ["list", "stats 2", "stats 2"]
    assert len(moments) == 2, "what else is read has to be of the same moment"


def test_a_vm_that_goes_on_failing_costs_nobody_else(host: Host) -> None:
    host.vms[0].failure = Error("internal error", 1)
    view = look(Hypervisor("x", LONG, host.connect))
    assert view.up
    assert seen(view) == {"web-1": False, "db_2": True}
    assert host.calls[:3] == ["list", "stats 2", "stats 2"]


@pytest.mark.parametrize("code", [LIBRARY.VIR_ERR_NO_DOMAIN, LIBRARY.VIR_ERR_OPERATION_INVALID])
def test_a_vm_that_vanishes_while_it_is_asked_is_no_longer_listed(host: Host, code: int) -> None:
    host.vms[0].failure = Error("Domain not found", code)
    view = look(Hypervisor("x", LONG, host.connect))
    assert seen(view) == {"db_2": True}


def test_a_vm_that_no_big_answer_holds_any_more_is_gone(host: Host) -> None:
    gone = host.vms[0]
    gone.alone = Error("no such domain", LIBRARY.VIR_ERR_NO_DOMAIN)
    host.on_stats = lambda _: host.vms.remove(gone) if gone in host.vms else None
    assert seen(look(Hypervisor("x", LONG, host.connect))) == {"db_2": True}


def test_a_vm_that_is_held_is_marked_and_the_rest_is_reported(host: Host, blocked: Event) -> None:
    host.vms[0].blocked = blocked
    hypervisor = Hypervisor("x", SHORT, host.connect)
    view = look(hypervisor)
    assert view.up
    assert seen(view) == {"web-1": False, "db_2": True}
    # From now on it is left alone, and the others are one call again.
    for _ in range(3):
        host.calls.clear()
        assert seen(look(hypervisor)) == {"web-1": False, "db_2": True}
        assert host.calls == ["list", "stats 1"]
    blocked.set()
    wait(lambda: seen(look(hypervisor)) == {"web-1": True, "db_2": True}, "the VM to come back")


def test_nobody_is_asked_on_a_connection_where_a_call_hangs(blocked: Event) -> None:
    opened: list[str] = []

    def connect(uri: str) -> SimpleNamespace:
        number = len(opened)
        opened.append(uri)
        return SimpleNamespace(lookupByUUIDString=lambda uuid: (uuid, number))

    def question(domain: tuple[str, int]) -> int:
        if domain[0] == UUID:
            blocked.wait()
        return domain[1]

    hypervisor = Hypervisor("x", SHORT, connect)
    hangs = threading.Thread(target=hypervisor._alone, args=(question, UUID))
    hangs.start()
    wait(lambda: opened, "the first to be asked")
    assert [hypervisor._alone(question, OTHER) for _ in range(3)] == [1, 1, 1]
    blocked.set()
    hangs.join()
    assert len(opened) == 2


def test_of_a_vm_that_is_held_there_is_what_libvirt_knows_without_it(
    host: Host, blocked: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "libvirt", lambda: NEWER)
    host.vms[0].blocked = blocked
    hypervisor = Hypervisor("x", SHORT, host.connect)
    for _ in range(3):
        view = look(hypervisor)
        assert seen(view) == {"web-1": False, "db_2": True}
        assert view.stats[UUID]["cpu.time"] == 10**10
        assert "balloon.rss" not in view.stats[UUID]
    blocked.set()
    wait(lambda: seen(look(hypervisor)) == {"web-1": True, "db_2": True}, "the VM to come back")


def test_a_vm_that_cannot_be_locked_in_time_is_held(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(library, "libvirt", lambda: NEWER)
    monkeypatch.setattr(
        Vm, "answer", lambda vm, _: {"cpu.time": 1} if vm.title == "db_2" else answer()
    )
    monkeypatch.setattr(Vm, "info", lambda _: (1, 4096, 2048, 2, 10**10))
    view = look(Hypervisor("x", LONG, host.connect))
    assert seen(view) == {"web-1": True, "db_2": False}
    assert view.stats[OTHER] == {"cpu.time": 1}


def test_many_that_hang_leave_libvirt_threads_for_others(host: Host, blocked: Event) -> None:
    for number in range(HELD + 5):
        host.add(f"vm{number}", f"{number:08x}-2222-3333-4444-555555555555", blocked=blocked)
    hypervisor = Hypervisor("x", SHORT, host.connect)
    before = set(threading.enumerate())
    for _ in range(6):
        assert len(look(hypervisor).listed) == HELD + 7
    assert sum(hypervisor._limits.held(vm.uuid) for vm in host.vms) == HELD
    asking = [each for each in {*threading.enumerate()} - before if "close" not in each.name]
    assert len(asking) <= HELD + HANGING


def test_those_that_answer_are_seen_for_those_that_hang(host: Host, blocked: Event) -> None:
    for number in range(HELD):
        host.add(f"vm{number}", f"{number:08x}-2222-3333-4444-555555555555", blocked=blocked)
    host.vms.reverse()
    hypervisor = Hypervisor("x", SHORT, host.connect)
    for _ in range(HANGING):
        if sum(seen(look(hypervisor)).values()) == 2:
            break
    else:
        pytest.fail("those that answer are not seen")


def test_a_restart_of_libvirt_is_not_noticed(host: Host) -> None:
    hypervisor = Hypervisor("x", LONG, host.connect)
    look(hypervisor)
    host.broken = [Error("Cannot write data: Broken pipe", 38)]
    view = look(hypervisor)
    assert seen(view) == {"web-1": True, "db_2": True}


def test_while_libvirt_is_away_it_says_so_and_comes_back(host: Host) -> None:
    hypervisor = Hypervisor("x", LONG, host.connect)
    look(hypervisor)
    host.broken = [Error("Broken pipe", 38)]
    host.refuses = Error("Failed to connect socket", 38)
    for _ in range(2):
        view = look(hypervisor)
        assert (view.up, view.problem, seen(view)) == (False, "Failed to connect socket", {})
    host.refuses = None
    assert look(hypervisor).up


def test_a_libvirt_that_hangs_is_waited_for_once(
    host: Host, blocked: Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    hypervisor = Hypervisor("x", SHORT, host.connect)
    asked: list[int] = []

    def hang(flags: int) -> None:
        asked.append(flags)
        blocked.wait()

    monkeypatch.setattr(host, "listAllDomains", hang)
    for _ in range(5):
        view = look(hypervisor)
        assert not view.up
        assert view.problem == "x did not answer in 0.05 s"
    assert len(asked) == 1
    monkeypatch.undo()
    monkeypatch.setattr(library, "libvirt", lambda: LIBRARY)
    blocked.set()
    wait(lambda: look(hypervisor).up, "libvirt to come back")


def test_without_the_library_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> object:
        raise MissingExtraError("libvirt-python", "libvirt", "reading VMs")

    monkeypatch.setattr(library, "libvirt", missing)
    view = look(Hypervisor("x", LONG))
    assert not view.up
    assert "scroogevm[libvirt]" in view.problem


def test_openstack_is_asked_once_for_each_start(
    host: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    host.vms[0].metadata_element = (
        f'<i:instance xmlns:i="{NAMESPACES[0]}"><i:name>a&quot;b</i:name>'
        '<i:flavor name="m1"/><i:owner><i:project uuid="1">p</i:project></i:owner></i:instance>'
    )
    asked: list[str] = []
    original = Vm.metadata

    def counted(vm: Vm, kind: int, space: str) -> str:
        asked.append(vm.title)
        return original(vm, kind, space)

    monkeypatch.setattr(Vm, "metadata", counted)
    hypervisor = Hypervisor("x", LONG, host.connect)
    for _ in range(3):
        assert look(hypervisor).openstack == {UUID: ('a"b', "m1", "p"), OTHER: None}
    assert asked.count("web-1") == 1
    assert asked.count("db_2") == len(NAMESPACES)
    host.vms[0].run += 1  # stopped, resized and started
    host.vms[0].metadata_element = host.vms[0].metadata_element.replace("m1", "m2")
    assert look(hypervisor).openstack[UUID] == ('a"b', "m2", "p")


@pytest.mark.parametrize("element", ["", "<", "<a", "<a/>", "<instance><flavor/></instance>"])
def test_metadata_that_makes_no_sense_does_no_harm(element: str) -> None:
    assert read_openstack(element) in (None, ("", "", ""))


def test_numbers_come_in_seconds_and_bytes() -> None:
    said = {"balloon.available": 1000, "balloon.usable": 600, "balloon.unused": 500}
    said |= {"balloon.last-update": 90, "balloon.swap_in": 3, "balloon.minor_fault": 11}
    values = read_stats(answer(3 * 10**9, said), now=100.0)
    wanted = {
        "state": 1, "vcpus": 2, "vcpus_maximum": 4, "cpu_seconds_total": 3,
        "cpu_user_seconds_total": 1.5, "cpu_system_seconds_total": 0.75,
        "memory_current_bytes": 2048 * 1024, "memory_maximum_bytes": 4096 * 1024,
        "memory_rss_bytes": 1024 * 1024, "guest_memory_total_bytes": 1000 * 1024,
        "guest_memory_usable_bytes": 600 * 1024, "guest_memory_unused_bytes": 500 * 1024,
        "guest_memory_updated_timestamp_seconds": 90, "guest_memory_age_seconds": 10,
        "guest_swap_in_bytes_total": 3072, "guest_minor_faults_total": 11,
    }  # fmt: skip
    assert values.pop(("vcpu_delay_seconds", "")) == 3
    assert values == pytest.approx({(f"scrooge_domain_{k}", ""): v for k, v in wanted.items()})


def test_a_guest_without_driver_says_nothing_of_its_memory() -> None:
    zeros = {"balloon.last-update": 0, "balloon.swap_in": 0, "balloon.available": 0}
    values = read_stats(answer(1, zeros), now=100.0)
    assert not [name for name, _ in values if "guest" in name]
    assert values.of("scrooge_domain_memory_current_bytes") == 2048 * 1024


def test_statistics_from_the_future_are_not_older_than_now() -> None:
    values = read_stats(answer(1, {"balloon.last-update": 101}), now=100.5)
    assert values.of("scrooge_domain_guest_memory_age_seconds") == 0


def test_a_call_raises_what_it_raises_and_then_is_free() -> None:
    limits = CallLimits()
    for error in (ValueError, TimeoutError):
        with pytest.raises(error):
            limits.call("x", _raising(error), LONG)
        wait(lambda: not limits.held("x"), "the thread to end")
    assert limits.call("x", lambda: 7, LONG) == 7


def test_a_call_that_hangs_keeps_others_about_the_same_away(blocked: Event) -> None:
    limits = CallLimits()
    for _ in range(2):
        with pytest.raises(HeldError):
            limits.call("x", blocked.wait, SHORT)
    assert limits.call("y", lambda: 1, LONG) == 1
    assert limits.each(lambda key: key, ["x", "y"], LONG, 2) == {"y": "y"}


def test_of_many_questions_no_more_are_asked_at_once_than_allowed() -> None:
    asked: list[int] = []
    gate = Event()

    def ask(key: int) -> int:
        asked.append(key)
        gate.wait(LONG)
        return key

    assert CallLimits().each(ask, range(10), SHORT, width=3) == {}
    assert len(asked) == 3
    gate.set()


def _raising(error: type[Exception]) -> Callable[[], None]:
    def fail() -> None:
        raise error

    return fail
