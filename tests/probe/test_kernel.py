"""/proc and /sys, as they are, as they were, and as they may be."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pytest

from probe.trees import MEMINFO, NODE, OTHER, STAT, UUID, grow, process
from scroogevm.probe.kernel.cgroups import groups, read_groups
from scroogevm.probe.kernel.node import read_node
from scroogevm.probe.kernel.processes import Process, ProcessFinder
from scroogevm.probe.kernel.threads import Scheduled, Threads
from scroogevm.probe.snapshot import Values


def read(root: Path, files: Mapping[str, str]) -> tuple[Values, Mapping[str, str]]:
    values = Values()
    return values, read_node(*grow(root, files), values)


def test_a_node_in_seconds_and_bytes(tmp_path: Path) -> None:
    values, blind = read(tmp_path, NODE)
    assert blind == {}
    assert values.of("scrooge_node_cpus") == 2
    cpu = {
        label: value
        for (name, label), value in values.items()
        if name.endswith("cpu_seconds_total")
    }
    assert cpu == {
        "user": 10, "nice": 1, "system": 5, "idle": 80, "iowait": 3,
        "irq": 0.1, "softirq": 0.2, "steal": 0.4,
    }  # fmt: skip
    plain = {
        name.removeprefix("scrooge_node_"): v for (name, label), v in values.items() if not label
    }
    assert plain == {
        "cpus": 2,
        "memory_total_bytes": 10000 * 1024,
        "memory_available_bytes": 4000 * 1024,
        "memory_free_bytes": 2000 * 1024,
        "memory_buffers_bytes": 30 * 1024,
        "memory_cached_bytes": 500 * 1024,
        "sched_running_seconds_total": 1.5,
        "sched_waiting_seconds_total": 2.25,
        "sched_timeslices_total": 42,
        "pressure_cpu_waiting_seconds_total": 1.5,
        "pressure_memory_waiting_seconds_total": 1.5,
        "pressure_memory_stalled_seconds_total": 0.25,
        "pressure_io_waiting_seconds_total": 1.5,
        "pressure_io_stalled_seconds_total": 0.25,
        "cpu_frequency_hertz": 2.5e9,
        "cpu_frequency_minimum_hertz": 8e8,
        "cpu_frequency_maximum_hertz": 3.6e9,
    }


@pytest.mark.parametrize(
    ("lost", "capability", "series"),
    [
        ("proc/stat", "cpu", "scrooge_node_cpu"),
        ("proc/meminfo", "memory", "scrooge_node_memory"),
        ("proc/schedstat", "schedstat", "scrooge_node_sched"),
        ("proc/pressure/", "pressure", "scrooge_node_pressure"),
        ("sys/devices/", "frequency", "scrooge_node_cpu_frequency"),
    ],
)
def test_what_is_not_there_is_absent_and_said(
    tmp_path: Path, lost: str, capability: str, series: str
) -> None:
    files = {name: content for name, content in NODE.items() if not name.startswith(lost)}
    values, blind = read(tmp_path, files)
    assert list(blind) == [capability]
    whole, _ = read(tmp_path / "whole", NODE)
    gone = {key for key in whole if key[0].startswith(series)}
    if capability == "cpu":
        gone = {key for key in gone if "frequency" not in key[0]}
    assert gone
    assert values == {key: value for key, value in whole.items() if key not in gone}


@pytest.mark.parametrize(
    "content", ["", "cpu", "\0\xff", "cpu0 x y\ncpu -1\n", "version 15\ncpu0 1"]
)
def test_files_that_make_no_sense_do_no_harm(tmp_path: Path, content: str) -> None:
    values, blind = read(tmp_path, dict.fromkeys(NODE, content))
    assert {"memory", "schedstat", "pressure", "frequency"} <= set(blind)
    assert all(name == "scrooge_node_cpus" for name, _ in values)


def test_an_old_kernel_without_available_memory_is_blind_for_memory(tmp_path: Path) -> None:
    values, blind = read(tmp_path, {**NODE, "proc/meminfo": "MemTotal: 7 kB\n"})
    assert set(blind) == {"memory"}
    assert values.of("scrooge_node_memory_total_bytes") == 7 * 1024


HUGE = "sys/kernel/mm/hugepages/hugepages-"
LINES = "HugePages_Total: 9\nHugePages_Free: 7\nHugePages_Rsvd: 2\nHugepagesize: 2048 kB\n"


def pool(size: str, total: str, free: str, reserved: str) -> dict[str, str]:
    """Files of one size of hugepages."""
    counts = {"nr": total, "free": free, "resv": reserved}
    return {f"{HUGE}{size}/{name}_hugepages": f"{count}\n" for name, count in counts.items()}


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        pytest.param(
            {**pool("2048kB", "9", "7", "2"), **pool("1048576kB", "4", "3", "1")},
            {"total": 18 + 4096, "free": 14 + 3072, "reserved": 4 + 1024},
            id="every size",
        ),
        pytest.param({}, {"total": 18, "free": 14, "reserved": 4}, id="the default size alone"),
        pytest.param(
            {**pool("2048kB", "9", "7", "2"), **pool("1048576kB", "4", "3", "odd")},
            {"total": 18 + 4096, "free": 14 + 3072},
            id="of one size it is not known how many are reserved",
        ),
        pytest.param(pool("odd-kB", "9", "7", "2"), {}, id="a size that is none"),
        pytest.param({"proc/meminfo": MEMINFO + LINES.rpartition("Huge")[0]}, {}, id="no size"),
    ],
)
def test_hugepages_are_told_in_bytes(
    tmp_path: Path, files: Mapping[str, str], wanted: Mapping[str, int]
) -> None:
    values, blind = read(tmp_path, {**NODE, "proc/meminfo": MEMINFO + LINES, **files})
    assert not blind
    prefix = "scrooge_node_hugepages_"
    found = {name.removeprefix(prefix): v for (name, _), v in values.items() if prefix in name}
    assert found == {f"{name}_bytes": mib * 2**20 for name, mib in wanted.items()}


def test_a_vm_is_found_by_its_uuid_and_followed(tmp_path: Path) -> None:
    procfs, _ = grow(tmp_path, {**process(77, UUID), **process(78, OTHER.upper())})
    processes = ProcessFinder(procfs)
    found = processes.find([UUID, OTHER])
    assert {uuid: each.pid for uuid, each in found.items()} == {UUID: 77, OTHER: 78}
    assert found[UUID][1:] == (4711, 28741, 7, 20, 8, 730681344, 67004, 18446744073709551615)
    # Its number now is another process: the VM was started anew, under another one.
    grow(tmp_path, process(77, "", started=5000))
    grow(tmp_path, process(99, UUID, started=5001))
    assert {uuid: each.pid for uuid, each in processes.find([UUID]).items()} == {UUID: 99}


def test_of_processes_that_name_the_same_vm_the_oldest_is_it(tmp_path: Path) -> None:
    for pid, started in ((10, 300), (20, 200), (30, 400)):
        procfs, _ = grow(tmp_path, process(pid, UUID, started=started))
    assert ProcessFinder(procfs).find([UUID])[UUID].pid == 20


def test_a_vm_without_a_process_is_sought_ever_more_rarely(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    procfs, _ = grow(tmp_path, process(5, OTHER))
    processes = ProcessFinder(procfs)
    sought: list[int] = []

    def seek(uuids: Collection[str]) -> dict[str, Process]:
        sought.append(len(uuids))
        return {}

    monkeypatch.setattr(processes, "_seek", seek)
    seen = []
    for _ in range(9):
        assert processes.find([UUID]) == {}
        seen.append(len(sought))
    assert seen == [1, 2, 3, 3, 4, 4, 4, 4, 5]


def test_waiting_is_of_all_threads_and_never_falls(tmp_path: Path) -> None:
    start = {1: "100 10 1", 2: "200 20 2", 3: "300 30 3"}
    procfs, _ = grow(tmp_path, process(7, UUID, threads=start))
    threads = Threads(procfs)
    assert threads.read(7) == Scheduled(600, 60, 6)
    (procfs / "7" / "task" / "3" / "schedstat").unlink()  # a helper ended
    grow(tmp_path, process(7, UUID, threads={1: "150 15 2"}))
    assert threads.read(7) == Scheduled(650, 65, 7)
    grow(tmp_path, process(7, UUID, threads={3: "5 5 5"}))  # another has its number
    assert threads.read(7) == Scheduled(655, 70, 12)
    threads.keep([])
    assert threads.read(7) == Scheduled(150 + 200 + 5, 15 + 20 + 5, 2 + 2 + 5)


@pytest.mark.parametrize("content", ["", "1 2", "a b c", "1 2 3 4"])
def test_threads_that_say_nothing_give_nothing(tmp_path: Path, content: str) -> None:
    procfs, _ = grow(tmp_path, process(7, UUID, threads={7: content}))
    assert Threads(procfs).read(7) is None
    assert Threads(procfs).read(8) is None


HERE = r"machine.slice/machine-qemu\x2d1\x2dweb.scope"
PLAIN = "machine/qemu-1-web.libvirt-qemu"
V1_LINES = """\
11:memory:/{0}
5:cpu,cpuacct:/{0}/emulator
1:name=systemd:/{0}
"""
V2_GROUP = {
    "memory.current": "4096\n",
    "cpu.stat": "usage_usec 9\nthrottled_usec 2500000\n",
    "cpu.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=3000000\n",
    "memory.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=500000\n",
}
PRESSURES = {"pressure_cpu_waiting_seconds_total": 3, "pressure_memory_waiting_seconds_total": 0.5}


@pytest.mark.parametrize(
    ("lines", "files", "wanted"),
    [
        pytest.param(
            f"0::/{HERE}/libvirt/emulator\n",
            {f"{HERE}/{name}": content for name, content in V2_GROUP.items()},
            {**PRESSURES, "memory_bytes": 4096, "throttled_seconds_total": 2.5},
            id="version 2 with systemd",
        ),
        pytest.param(
            V1_LINES.format(PLAIN),
            {
                f"memory/{PLAIN}/memory.usage_in_bytes": "8192\n",
                f"cpu,cpuacct/{PLAIN}/cpu.stat": "nr_throttled 3\nthrottled_time 1500000000\n",
            },
            {"memory_bytes": 8192, "throttled_seconds_total": 1.5},
            id="version 1, controllers mounted together",
        ),
        pytest.param(
            V1_LINES.format(HERE) + f"0::/{HERE}/vcpu0\n",
            {
                f"memory/{HERE}/memory.usage_in_bytes": "8192\n",
                f"cpu/{HERE}/cpu.stat": "throttled_time 1500000000\n",
                f"unified/{HERE}/cpu.pressure": V2_GROUP["cpu.pressure"],
                f"unified/{HERE}/memory.pressure": V2_GROUP["memory.pressure"],
            },
            {**PRESSURES, "memory_bytes": 8192, "throttled_seconds_total": 1.5},
            id="both at once",
        ),
        pytest.param("0::/../../init.scope\n", {"x/y": ""}, {}, id="outside of the container"),
        pytest.param("0::/\n", {"memory.current": "1"}, {}, id="in no group of its own"),
        pytest.param("nonsense\n::\n", {}, {}, id="nonsense"),
    ],
)
def test_groups_are_found_through_the_process(
    tmp_path: Path, lines: str, files: Mapping[str, str], wanted: Mapping[str, float]
) -> None:
    mounted = {f"sys/fs/cgroup/{name}": content for name, content in files.items()}
    procfs, sysfs = grow(tmp_path, {**process(7, UUID, groups=lines), **mounted})
    values = Values()
    assert read_groups(procfs, sysfs, 7, values) is bool(wanted)
    assert values == {
        (f"scrooge_domain_cgroup_{name}", ""): value for name, value in wanted.items()
    }


def test_inner_groups_are_cut_off_and_only_they(tmp_path: Path) -> None:
    odd = "machine/vcpu1.libvirt-qemu"
    tree = {f"sys/fs/cgroup/{odd}/memory.current": "1"}
    procfs, sysfs = grow(tmp_path, {**process(7, UUID, groups=f"0::/{odd}/vcpu12\n"), **tree})
    assert groups(procfs, sysfs, 7) == {"": sysfs / "fs" / "cgroup" / odd}


def test_the_time_of_guests_is_not_counted_twice(tmp_path: Path) -> None:
    values, _ = read(tmp_path, {"proc/stat": STAT})
    sums = sum(v for (name, _), v in values.items() if name == "scrooge_node_cpu_seconds_total")
    assert sums == pytest.approx((1000 + 100 + 500 + 8000 + 300 + 10 + 20 + 40) / 100)
