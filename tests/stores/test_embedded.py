"""What the embedded store promises beyond the contract: crashes, readers, room, retention."""

import os
import pickle
import random
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scroogevm.core.samples import Sample
from scroogevm.errors import StoreError
from scroogevm.stores import open_store
from scroogevm.stores.embedded import Embedded
from stores import writing
from stores.writing import NODES, START, STEP, fill, quick, sample

ROUNDS = int(os.environ.get("SCROOGEVM_KILLS", "6"))


def expect(store: Embedded, numbers: int) -> int:
    """See that there is everything up to that number, once, whole; how much there is."""
    nodes, vms = store.read(NODES, 0, 4e9, ("cpu", "cpu_usage"))
    count = len(nodes) // len(NODES)
    assert count >= numbers
    times = START + STEP * np.arange(count)
    np.testing.assert_array_equal(nodes.time, np.tile(times, len(NODES)))
    np.testing.assert_array_equal(nodes.values["cpu"], np.tile(np.arange(count), len(NODES)))
    names = np.array([int(vm[1:]) for _, vm in vms.owners])[vms.owner]
    np.testing.assert_array_equal(vms.values["cpu_usage"], names + (vms.time - START) / STEP)
    assert len(vms) == len(NODES) * sum(1 + number % 3 for number in range(count))
    return count


@contextmanager
def writer(location: str, first: int) -> Iterator[tuple["subprocess.Popen[str]", Iterator[int]]]:
    """A process that writes, and what it acknowledges; killed at the end."""
    command = [sys.executable, writing.__file__, location, str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, (int(line) for line in process.stdout if line.endswith("\n"))
        finally:
            process.kill()


def test_a_writer_killed_at_any_moment_loses_nothing_it_acknowledged(location: str) -> None:
    chance = random.Random(0)  # noqa: S311  # moments, no secrets
    done = 0
    for _ in range(ROUNDS):
        with writer(location, done) as (process, acknowledged):
            for _ in range(chance.randrange(1, 120)):
                last = next(acknowledged)
            process.kill()
            last = max([last, *acknowledged])
        with quick(location) as store:
            done = expect(store, last + 1)
            assert list(store.check()) == []


def test_a_reader_sees_what_a_writer_in_another_process_has_acknowledged(location: str) -> None:
    with writer(location, 0) as (_, acknowledged), quick(location) as store:
        for last in acknowledged:
            expect(store, last + 1)
            if last > 200:
                break


def test_a_second_writer_is_told_who_writes(location: str) -> None:
    with writer(location, 0) as (process, acknowledged), quick(location) as store:
        next(acknowledged)
        with pytest.raises(StoreError, match=f"already written by process {process.pid}") as caught:
            store.write([sample("a", 0)])
        assert caught.value.temporary
    with quick(location) as store:  # the lock has ended with its process
        store.write([sample("c", 0)])


def test_a_full_disk_loses_nothing_and_writing_goes_on_when_there_is_room(
    small: Path,
) -> None:
    location = str(small / "store")
    rng = np.random.default_rng(0)
    vms = [f"v{number}" for number in range(200)]
    kept = 0
    with Embedded(location, retention=0.0) as store:
        ballast = small / "ballast"
        ballast.write_bytes(bytes(2**20))
        with pytest.raises(StoreError, match="full") as caught:  # noqa: PT012  # some write fails
            for kept in range(100_000):
                usage = {name: rng.random(200) for name in ("cpu_usage", "mem_usage")}
                store.write([Sample("n", START + 5 * kept, {"cpu": float(kept)}, vms, usage)])
        assert caught.value.temporary
        assert len(store.read(["n"], 0, 4e9).nodes) == kept > 10
        ballast.unlink()
        for number in range(kept, kept + 20):
            store.write([Sample("n", START + 5 * number, {"cpu": float(number)})])
        found = store.read(["n"], 0, 4e9).nodes
        assert found.values["cpu"].tolist() == list(range(kept + 20))
        assert list(store.check()) == []


@pytest.fixture(params=[6])
def small(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Path]:
    """A file system of a few MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={request.param}m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("only root may mount a small file system, and not everywhere")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_node_may_be_read_while_all_are_looked_at(location: str) -> None:
    fill(location, 3)
    with quick(location) as store:
        counts = [len(store.read([one.node], 0, 4e9).nodes) for one in store.outlines(0, 4e9)]
    assert counts == [3, 3]


@pytest.mark.parametrize("written", [False, True])
def test_somebody_else_reads_and_does_not_write(location: str, *, written: bool) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can become somebody else")
    code = (
        "import os, sys\n"
        "from scroogevm.core.samples import Sample\n"
        "from scroogevm.stores.embedded import Embedded\n"
        "os.setgid(65534); os.setuid(65534)\n"
        "store = Embedded(sys.argv[1])\n"
        "print(len(store.read(['a'], 0, 4e9).nodes))\n"
        "try: store.write([Sample('a', 5.0, {})])\n"
        "except Exception as error: print(error)\n"
    )
    fill(location, 100)
    folder, shared = Path(location), Path(tempfile.gettempdir())
    for path in (folder, *folder.parents):
        if path.is_relative_to(shared) and path != shared:
            path.chmod(0o755)
    with quick(location) as store:
        if written:
            store.write([sample("a", 100)])
        done = subprocess.run(
            [sys.executable, "-c", code, location], capture_output=True, text=True, check=False
        )
    assert done.stdout.splitlines() == [
        "101" if written else "100",
        f"{location}: cannot be written: Permission denied",
    ], done


def test_what_is_read_as_if_nobody_wrote_is_not_believed_when_somebody_did(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(location, 3)
    connect: Callable[..., sqlite3.Connection] = sqlite3.connect

    def refuse(where: str, **options: Any) -> sqlite3.Connection:
        if where.endswith("mode=ro"):  # as when the index that readers share cannot be made
            raise sqlite3.OperationalError("unable to open database file")
        return connect(where, **options)

    monkeypatch.setattr("scroogevm.stores._embedded.database.sqlite3.connect", refuse)
    with quick(location) as store, quick(location) as other:
        assert len(store.read(NODES, 0, 4e9).nodes) == 6
        with (  # noqa: PT012  # what is meant comes at its end
            pytest.raises(StoreError, match="a writer started") as caught,
            store._access.moment(),
        ):
            other.write([sample("a", 3)])
            other.close()  # its log is gone again
        assert caught.value.temporary
        assert len(store.read(NODES, 0, 4e9).nodes) == 7


def test_what_is_old_goes_and_the_file_shrinks(location: str) -> None:
    vms = [f"v{number}" for number in range(300)]
    rng = np.random.default_rng(0)
    with quick(location) as store:
        for number in range(1500):
            usage = {"cpu_usage": rng.random(300), "mem_usage": rng.random(300)}
            store.write([Sample("n", START + 10 * number, {"cpu": 1.0}, vms, usage)])
        before = store.size
    with open_store(location) as store:
        assert isinstance(store, Embedded)
        removed = store.prune(START + 10 * 1400)
        assert 1370 <= removed <= 1400
        assert len(store.read(["n"], 0, 4e9).nodes) == 1500 - removed
        assert store.read(["n"], START + 14_000, 4e9).nodes.time[0] == START + 14_000
    with quick(location) as store:
        store.write([Sample("n", START + 15_000, {"cpu": 1.0})])
    assert quick(location).size < before - 2**20 or before < 24 * 2**20


DAY, RETENTION = 86_400.0, 0.25


def keep_writing(store: Embedded, clock: pytest.MonkeyPatch, start: float, minutes: int) -> None:
    """A sample each minute, by a clock that shows just this."""
    for time in start + 60.0 * np.arange(minutes):
        clock.setattr("scroogevm.stores._embedded.writer.time.time", lambda now=time: float(now))
        store.write([Sample("n", float(time), {"cpu": 1.0})])


def test_retention_takes_what_is_old_by_itself(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Embedded(location, retention=RETENTION, synced=False) as store:
        keep_writing(store, monkeypatch, START, 720)
        times = store.read(["n"], 0, 4e9).nodes.time
        assert START + 720 * 60 - 8.5 * 3600 <= times[0] <= START + 720 * 60 - 6 * 3600
        assert times.size < 520


def test_a_clock_that_is_wrong_for_less_than_an_hour_takes_nothing_away(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Embedded(location, retention=RETENTION, synced=False) as store:
        keep_writing(store, monkeypatch, START, 200)
        keep_writing(store, monkeypatch, START + 900 * DAY, 50)  # ahead, and the samples with it
        keep_writing(store, monkeypatch, START + 200 * 60, 5)
        keep_writing(store, monkeypatch, START - 900 * DAY, 50)
        assert len(store.read(["n"], START, START + DAY).nodes) == 205
        keep_writing(store, monkeypatch, START + 900 * DAY, 100)  # longer than that: it is true
        assert len(store.read(["n"], START, START + DAY).nodes) == 0


def test_a_sample_of_the_future_takes_nothing_away(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Embedded(location, retention=RETENTION, synced=False) as store:
        keep_writing(store, monkeypatch, START, 200)
        for late in range(100):
            store.write([Sample("n", 4e9 + 300 * late, {"cpu": 1.0})])
        assert len(store.read(["n"], 0, 3.9e9).nodes) == 200


def test_what_was_to_be_packed_may_be_pruned_meanwhile(location: str) -> None:
    with quick(location) as store:
        nodes = [f"n{number}" for number in range(30)]
        store.write([Sample(node, START, {"cpu": 1.0}) for node in nodes])
        store.write([Sample("n0", START + 3000.0, {"cpu": 1.0})])  # some are packed, others later
        with quick(location) as other:
            assert other.prune(START + 2000) == 30
        for late in range(10):
            store.write([Sample("n0", START + 3005.0 + late, {"cpu": 1.0})])
        assert store.nodes(0, 4e9) == ["n0"]


@pytest.mark.parametrize("time", [float("nan"), -1.0, float("inf"), 5e9])
def test_a_time_that_makes_no_sense_is_refused(location: str, time: float) -> None:
    with quick(location) as store, pytest.raises(StoreError, match="an invalid time") as caught:
        store.write([Sample("n", time, {"cpu": 1.0})])
    assert not caught.value.temporary


def test_a_vm_that_is_named_twice_is_refused(location: str) -> None:
    with quick(location) as store, pytest.raises(StoreError, match="contains a VM twice"):
        store.write([Sample("n", START, {}, ["v", "v"], {"cpu": np.ones(2)})])


def test_names_may_be_no_unicode(location: str) -> None:
    node, vm = "\udcff\0", "\ud800"
    with quick(location) as store:
        store.write([Sample(node, START, {"cpu": 2.0}, [vm], {"cpu": np.ones(1)})])
        assert list(store.nodes(0, 4e9)) == [node]
        assert list(store.read([node], 0, 4e9).vms.owners) == [(node, vm)]


def test_a_store_crosses_processes(location: str) -> None:
    fill(location, 3)
    with quick(location) as store:
        assert store.nodes(0, 4e9) == pickle.loads(pickle.dumps(store)).nodes(0, 4e9)  # noqa: S301  # our own


def test_a_log_that_readers_keep_growing_is_cut(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scroogevm.stores._embedded.writer._WAL", 2**16)
    fill(location, 400)
    with quick(location) as store:
        for number in range(400, 420):
            store.write([sample("a", number)])
            assert (Path(location) / "samples.sqlite-wal").stat().st_size < 2**18


@pytest.mark.parametrize("small", [64], indirect=True)
def test_a_full_disk_does_not_stop_retention(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    vms = [f"v{number}" for number in range(2000)]
    clock = "scroogevm.stores._embedded.writer.time.time"

    def take(store: Embedded, time: float) -> None:
        monkeypatch.setattr(clock, lambda: time)
        usage = {name: rng.random(2000) for name in ("cpu_usage", "mem_usage")}
        store.write([Sample("n", time, {"cpu": 1.0}, vms, usage)])

    with Embedded(str(small / "store"), retention=1.0) as store:
        time = float(START)
        with pytest.raises(StoreError, match="full"):  # noqa: PT012  # some write fails
            for time in START + 20.0 * np.arange(DAY / 20):
                take(store, float(time))
        assert time - START < DAY, "it was full before anything was old"
        later = time + DAY
        for tries in range(15):
            with suppress(StoreError):
                take(store, later + 300.0 * tries)
        take(store, later + 4500.0)
        times = store.read(["n"], 0, 4e9).nodes.time
        assert times[0] > START
        assert times[-1] == later + 4500.0


def test_packing_that_fails_does_not_stop_retention(
    location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Embedded(location, retention=RETENTION, synced=False) as store:
        keep_writing(store, monkeypatch, START, 200)

        def refuse(*_: object) -> None:
            raise StoreError("the disk is full", temporary=True)

        monkeypatch.setattr("scroogevm.stores._embedded.compact.Compaction.step", refuse)
        keep_writing(store, monkeypatch, START + 200 * 60, 600)
        assert store.read(["n"], 0, 4e9).nodes.time[0] > START


@pytest.mark.parametrize("what", ["removed", "replaced", "file", "lock"])
def test_a_folder_that_goes_under_its_writer_is_noticed(location: str, what: str) -> None:
    place = Path(location)
    with quick(location) as store, quick(location) as reader:
        store.write([sample("a", number) for number in range(3)])
        assert len(reader.read(["a"], 0, 4e9).nodes) == 3
        if what == "file":
            (place / "samples.sqlite").unlink()
        elif what == "lock":
            (place / "writer.lock").unlink()
        else:
            place.rename(place.with_name("elsewhere"))
        if what == "replaced":
            fill(location, 1)
        with pytest.raises(StoreError, match="was removed or replaced") as caught:
            store.write([sample("a", 3)])
        assert caught.value.temporary
        for _ in range(2):  # whoever was refused tries again
            store.write([sample("a", 3)])
        kept = {"removed": [3], "replaced": [0, 3], "file": [3], "lock": [0, 1, 2, 3]}[what]
        for one in (store, reader):
            assert one.read(["a"], 0, 4e9).nodes.values["cpu"].tolist() == kept
        with pytest.raises(StoreError, match="already"):
            quick(location).write([sample("a", 4)])
