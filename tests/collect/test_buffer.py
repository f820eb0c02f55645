"""Samples wait on the disk while a store is down: in order, once, none lost."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scroogevm.collect.buffer import FILE, Buffered
from scroogevm.core.samples import Recorded, Rows, Sample
from scroogevm.errors import StoreError
from scroogevm.ports import Store
from scroogevm.telemetry.packed import pack, unpack


class Flaky(Store):
    """Keeps what it is given, or fails as it is told."""

    def __init__(self) -> None:
        self.kept: list[Sample] = []
        self.calls = 0
        self.down = False
        self.poison: set[float] = set()
        self.closed = False

    def write(self, samples: Sequence[Sample]) -> None:
        self.calls += 1
        if self.down:
            raise StoreError("is down", temporary=True)
        if self.poison & {sample.time for sample in samples}:
            raise StoreError("never")
        self.kept += samples

    def nodes(self, since: float, until: float) -> Sequence[str]:
        return sorted({s.node for s in self.kept if since <= s.time < until})

    def read(
        self, nodes: Sequence[str], since: float, until: float, quantities: Sequence[str] = ()
    ) -> Recorded:
        del nodes, since, until
        return Recorded(Rows.none(quantities), Rows.none(quantities))

    def close(self) -> None:
        self.closed = True

    @property
    def times(self) -> list[float]:
        return [sample.time for sample in self.kept]


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def sample(time: float) -> Sample:
    return Sample("n", time, {"cpu": 4.0}, ["v"], {"cpu_usage": np.array([time])})


def buffered(store: Store, folder: Path, clock: Clock, limit: int = 1 << 30) -> Buffered:
    return Buffered(store, folder, limit, clock=clock, draw=lambda: 0.0)


def test_a_store_that_works_gets_samples_at_once(tmp_path: Path) -> None:
    store = Flaky()
    with buffered(store, tmp_path / "new" / "queue", Clock()) as buffer:
        buffer.write([sample(1), sample(2)])
        assert store.times == [1, 2]
        assert (buffer.depth, buffer.oldest, buffer.dropped) == (0, None, 0)
        assert buffer.nodes(0, 10) == ["n"]
    assert store.closed


def test_what_waits_is_delivered_in_order_before_what_is_new(tmp_path: Path) -> None:
    store, clock = Flaky(), Clock()
    with buffered(store, tmp_path, clock) as buffer:
        store.down = True
        for time in (1, 2, 3):
            buffer.write([sample(time)])
        assert (buffer.depth, buffer.oldest) == (3, 1)
        store.down = False
        buffer.write([sample(4)])
        assert store.kept == []  # its pause is not over
        clock.now = 2
        buffer.write([sample(5)])
        assert store.times == [1, 2, 3, 4, 5]
        assert (buffer.depth, buffer.oldest, buffer.size) == (0, None, 0)


def test_a_store_that_stays_down_is_asked_less_and_less(tmp_path: Path) -> None:
    store, clock = Flaky(), Clock()
    store.down = True
    asked = []
    with buffered(store, tmp_path, clock) as buffer:
        for now in range(300):
            clock.now = now
            before = store.calls
            buffer.write([sample(now)])
            asked += [now] * (store.calls - before)
    assert asked == [0, 2, 6, 14, 30, 62, 122, 182, 242]


def test_what_waits_outlives_the_process(tmp_path: Path) -> None:
    code = (
        "import os, pathlib, sys\n"
        "sys.path.insert(0, sys.argv[2])\n"
        "from collect.test_buffer import Clock, Flaky, buffered, sample\n"
        "store = Flaky(); store.down = True\n"
        "buffer = buffered(store, pathlib.Path(sys.argv[1]), Clock())\n"
        "for time in range(50): buffer.write([sample(time)])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    tests = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code, tmp_path, tests], check=False)
    assert done.returncode == -9
    store = Flaky()
    with buffered(store, tmp_path, Clock()) as buffer:
        assert (buffer.depth, buffer.oldest) == (50, 0)
        for _ in range(3):
            buffer.write([])
        assert store.times == list(range(50))
        assert buffer.depth == 0


def test_the_oldest_make_room_and_are_counted(tmp_path: Path) -> None:
    store, clock = Flaky(), Clock()
    store.down = True
    one = len(pack([sample(0)]))
    with buffered(store, tmp_path, clock, limit=10 * one + one // 2) as buffer:
        for time in range(100):
            buffer.write([sample(time)])
        kept = buffer.depth
        assert 8 <= kept <= 11
        assert buffer.dropped == 100 - kept
        assert buffer.size <= 10.5 * one
        assert buffer.oldest == 100 - kept
        store.down, clock.now = False, 1000
        buffer.write([])
        assert store.times == list(range(100 - kept, 100))


def test_a_sample_that_is_refused_for_good_does_not_hold_up_the_others(tmp_path: Path) -> None:
    store, clock = Flaky(), Clock()
    with buffered(store, tmp_path, clock) as buffer:
        store.poison = {0}
        with pytest.raises(StoreError, match="never"):
            buffer.write([sample(0)])
        store.down = True
        buffer.write([sample(time) for time in range(1, 6)])
        store.down, store.poison, clock.now = False, {3}, 10
        buffer.write([sample(6)])
        assert store.times == [1, 2, 4, 5, 6]
        assert (buffer.refused, buffer.depth) == (1, 0)


def test_a_batch_of_which_nothing_is_ever_taken_does_not_hold_up_later_ones(
    tmp_path: Path,
) -> None:
    store, clock = Flaky(), Clock()
    store.poison = {2.0, 3.0}
    store.down = True
    with Buffered(store, tmp_path, clock=clock, draw=lambda: 0.0) as buffered:
        for time in (1.0, 2.0, 3.0):
            buffered.write([Sample("n", time, {})])
        store.down = False
        clock.now = 1000.0
        buffered.write([])
        assert (store.times, buffered.depth) == ([1.0], 2)  # it may be the store that is wrong
        clock.now = 2000.0
        buffered.write([Sample("n", 4.0, {})])
        assert (store.times, buffered.depth, buffered.refused) == ([1.0, 4.0], 0, 2)


def test_a_store_that_refuses_everything_loses_nothing(tmp_path: Path) -> None:
    """A password that has changed is no reason to throw samples away."""
    store, clock = Flaky(), Clock()
    with buffered(store, tmp_path, clock) as buffer:
        store.down = True
        buffer.write([sample(1), sample(2)])
        store.down, store.poison, clock.now = False, {1, 2}, 10
        buffer.write([])
        assert (buffer.depth, buffer.refused) == (2, 0)
        store.poison, clock.now = set(), 100
        buffer.write([])
        assert store.times == [1, 2]


def test_a_second_process_is_refused(tmp_path: Path) -> None:
    with buffered(Flaky(), tmp_path, Clock()) as buffer:
        buffer.write([])
        with pytest.raises(StoreError, match="another process"):
            buffered(Flaky(), tmp_path, Clock())


def test_a_batch_that_is_damaged_is_dropped_and_counted(tmp_path: Path) -> None:
    store, clock = Flaky(), Clock()
    store.down = True
    with buffered(store, tmp_path, clock) as buffer:
        buffer.write([sample(1)])
        buffer._queue.execute("UPDATE waiting SET content = x'00'")
        buffer._queue.commit()
        store.down, clock.now = False, 10
        buffer.write([sample(2)])
        assert (store.times, buffer.dropped) == ([2], 1)


def test_a_place_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"something else" * 100)
    with pytest.raises(StoreError, match="samples cannot wait: file is not a database"):
        buffered(Flaky(), tmp_path, Clock())
    with pytest.raises(StoreError, match=r"samples cannot wait: Not a directory$"):
        buffered(Flaky(), tmp_path / FILE / "below", Clock())


@given(
    steps=st.lists(
        st.tuples(st.booleans(), st.floats(0, 100), st.integers(0, 3), st.booleans()), max_size=30
    )
)
@settings(max_examples=30, deadline=None)
def test_whatever_happens_samples_arrive_once_and_in_order(
    tmp_path_factory: pytest.TempPathFactory, steps: Sequence[tuple[bool, float, int, bool]]
) -> None:
    folder = tmp_path_factory.mktemp("queue")
    store, clock, written = Flaky(), Clock(), 0
    buffer = buffered(store, folder, clock)
    for down, wait, count, restart in steps:
        store.down = down
        clock.now += wait
        buffer.write([sample(written + number) for number in range(count)])
        written += count
        assert len(store.kept) + buffer.depth == written
        if restart:
            buffer.close()
            buffer = buffered(store, folder, clock)
    store.down = False
    clock.now += 1000
    for _ in range(3):
        buffer.write([])
    buffer.close()
    assert store.times == list(range(written))


def test_samples_are_packed_without_loss() -> None:
    full = Sample(
        "ü\ud800", 1.1, {"cpu": float("nan"), "mem": 0.1}, ["a", "b"],
        {"cpu": np.array([1 / 3, np.nan]), "mem": np.array([2.0, 3.0])},
    )  # fmt: skip
    first, second = unpack(pack([full, Sample("n", 2.0, {})]))
    assert (first.node, first.time, first.vms) == (full.node, full.time, full.vms)
    np.testing.assert_equal(dict(first.values), dict(full.values))
    np.testing.assert_equal(dict(first.vm_values), dict(full.vm_values))
    assert (second.node, second.vms, second.vm_values) == ("n", [], {})
