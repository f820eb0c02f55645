"""Performance counters: those that there are."""

import errno
import os
import struct
from itertools import count
from pathlib import Path

import pytest

from probe.trees import NODE, UUID, grow, process
from scroogevm.probe.kernel import perf
from scroogevm.probe.kernel.perf import EVENTS, Counters, of_node, of_process, open_counter
from scroogevm.probe.machine import Machine
from scroogevm.probe.snapshot import Values


def counter(value: int, enabled: int = 1, counted: int = 1) -> int:
    """A handle that says what the kernel would."""
    reader, writer = os.pipe()
    os.write(writer, struct.pack("=QQQ", value, enabled, counted) * 3)
    os.close(writer)
    return reader


def test_events_that_share_a_counter_are_scaled_to_all_of_the_time() -> None:
    def opener(_kind: int, number: int, *_: int) -> int:
        return counter(10, 4, 1 + number % 2)

    counters = Counters([(1, -1), (2, -1)], opener)
    assert counters.read()["cpu_cycles"] == 80  # counted in a quarter of the time, by two threads
    assert counters.read()["instructions"] == 40
    counters.close()
    assert counters.read() == {}


def test_an_event_that_is_not_there_is_absent_and_the_others_are_not() -> None:
    def opener(kind: int, *_: int) -> int:
        if kind == 0:
            raise OSError(errno.ENOENT, "no such event")
        return counter(1)

    counters = Counters([(1, -1)], opener)
    assert set(counters.read()) == {name for name, (kind, _) in EVENTS.items() if kind == 1}
    assert counters.refused["instructions"] == "this machine has none"
    counters.close()


def test_an_event_that_cannot_be_counted_everywhere_is_absent_and_nothing_stays_open() -> None:
    opened: list[int] = []

    def opener(_kind: int, _number: int, _thread: int, cpu: int) -> int:
        if cpu == 1:
            raise OSError(errno.EMFILE, "too many")
        opened.append(counter(1))
        return opened[-1]

    counters = Counters([(-1, 0), (-1, 1)], opener)
    assert counters.read() == {}
    assert len(opened) == len(EVENTS) == len(counters.refused)
    for handle in opened:
        with pytest.raises(OSError, match="Bad file"):
            os.fstat(handle)


def test_a_thread_that_has_ended_is_passed_over() -> None:
    def opener(_kind: int, _number: int, thread: int, _cpu: int) -> int:
        if thread == 2:
            raise OSError(errno.ESRCH, "no such thread")
        return counter(3)

    counters = Counters([(1, -1), (2, -1)], opener)
    assert set(counters.read().values()) == {3}
    assert counters.refused == {}
    counters.close()


def test_places_are_cpus_and_threads(tmp_path: Path) -> None:
    threads = {7: "1 1 1", 8: "1 1 1"}
    procfs, _ = grow(tmp_path, {**NODE, **process(7, UUID, threads=threads)})
    assert of_node(procfs) == [(-1, 0), (-1, 1)]
    assert sorted(of_process(procfs, 7)) == [(7, -1), (8, -1)]
    assert of_process(procfs, 9) == []


def test_this_kernel_counts_page_faults_of_ourselves_or_says_why_not() -> None:
    try:
        handle = open_counter(*EVENTS["page_faults"], os.getpid(), -1)
    except OSError as error:
        assert error.errno in (errno.EACCES, errno.EPERM, errno.ENOENT, errno.ENOSYS)
        return
    os.close(handle)
    counters = Counters([(os.getpid(), -1)])
    before = counters.read()["page_faults"]
    pages = bytearray(64 << 20)
    pages[:: 1 << 12] = b"x" * (len(pages) >> 12)
    assert counters.read()["page_faults"] > before
    counters.close()


@pytest.fixture
def _growing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counters that have counted ten more whenever they are read."""
    steps = count(1)
    monkeypatch.setattr(perf, "_read", lambda _: 10.0 * next(steps))
    monkeypatch.setattr(perf, "_close", lambda _: None)


@pytest.mark.usefixtures("_growing")
def test_counters_of_a_vm_end_with_its_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    wanted = {"page_faults": EVENTS["page_faults"]}
    monkeypatch.setattr(perf, "EVENTS", wanted)

    def opener(_kind: int, _number: int, thread: int, _cpu: int) -> int:
        opened.append(thread)
        return 99

    monkeypatch.setattr(Counters.__init__, "__defaults__", (opener,))
    procfs, sysfs = grow(tmp_path, {**NODE, **process(7, UUID, threads={7: "1 1 1"})})
    machine = Machine(procfs, sysfs, perf=True)
    node = Values()
    vms, blind = machine.read([UUID], node)
    assert "perf" not in blind
    assert node.of("scrooge_node_perf_events_total", "page_faults") == 10 + 20
    assert vms[UUID].of("scrooge_domain_perf_events_total", "page_faults") == 30
    vms, _ = machine.read([UUID], Values())
    assert vms[UUID].of("perf_delta", "page_faults") == 60 - 30
    assert opened == [-1, -1, 7]
    machine.read([], Values())
    machine.read([UUID], Values())
    assert opened == [-1, -1, 7, 7]
