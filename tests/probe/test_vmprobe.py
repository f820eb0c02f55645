"""The predecessor's names and units, held against a capture of its probe."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from probe.trees import NODE, OTHER, UUID, answer, grow, process
from scroogevm.errors import MisuseError
from scroogevm.hypervisor.hypervisor import Begin, Hypervisor, Listed, View
from scroogevm.probe.probe import Places, Probe
from scroogevm.probe.snapshot import Domain, Snapshot, Values
from scroogevm.probe.vmprobe import check_prefix, render, vm_name

CAPTURES = Path(__file__).parents[3] / "shared" / "howto" / "hypervisor"
WHOLE = {
    "balloon.available": 223388, "balloon.usable": 133552, "balloon.unused": 130160,
    "balloon.disk_caches": 67844, "balloon.last-update": 1795330998, "balloon.swap_in": 0,
    "balloon.swap_out": 0, "balloon.minor_fault": 13917, "balloon.major_fault": 0,
    "balloon.hugetlb_pgalloc": 0, "balloon.hugetlb_pgfail": 0,
}  # fmt: skip
GROUPS = "cpu|memory|stat|sched|perf|probe"


class Answers(Hypervisor):
    """Says what a test wants."""

    def __init__(self, names: dict[str, str]) -> None:
        self._names = names

    def look(self, begin: Begin) -> View:
        listed = [Listed(name, uuid) for uuid, name in self._names.items()]
        begin(listed)
        return View(up=True, listed=listed, stats={uuid: answer(7, WHOLE) for uuid in self._names})


def rendered(root: Path, names: dict[str, str]) -> dict[str, int]:
    files = dict(NODE)
    for pid, uuid in enumerate(names, 100):
        files |= process(pid, uuid, threads={pid: "353933896 1003184970 10849", 1: "1 1 1"})
    procfs, sysfs = grow(root, files)
    probe = Probe(Places("x", procfs, sysfs), Answers(names), clock=lambda: 1795330998.8334)
    lines = (line.split(" ") for line in render(probe.read(), "example").splitlines())
    return {name: int(value) for name, value in lines}


def without_perf(names: set[str]) -> set[str]:
    """Counters depend on the machine, and are switched on."""
    return {name for name in names if "_perf_" not in name}


@pytest.mark.parametrize("capture", ["vmprobe.prom", "example-vms.prom"])
def test_names_are_those_of_a_capture(tmp_path: Path, capture: str) -> None:
    path = CAPTURES / capture
    if not path.is_file():
        pytest.skip(f"no {path}: the capture lies beside the checkout in development alone")
    theirs = {line.split(" ")[0] for line in path.read_text().splitlines()}
    found = {
        match[1] for name in theirs if (match := re.match(rf".*_domain_(.*?)_(?:{GROUPS})_", name))
    }
    assert len(found) == 2
    ours = rendered(tmp_path, dict(zip((UUID, OTHER), sorted(found), strict=True)))
    assert without_perf(set(ours)) == without_perf(theirs)


def test_units_are_the_predecessors(tmp_path: Path) -> None:
    said = rendered(tmp_path, {UUID: "web-1"})
    whole = {
        name.removeprefix("example_global_"): v for name, v in said.items() if "global" in name
    }
    assert whole == {
        "probe_epoch": 1795330998833,  # ms
        "probe_delay": 5000,  # ms
        "cpu_total": 2,
        "cpu_kernel": 5_300_000_000,  # ns, of tasks and interrupts
        "cpu_user": 11_000_000_000,
        "cpu_idle": 80_000_000_000,
        "cpu_iowait": 3_000_000_000,
        "cpu_freq": 2_500_000,  # kHz
        "cpu_minfreq": 800_000,
        "cpu_maxfreq": 3_600_000,
        "memory_total": 10000,  # KiB
        "memory_free": 2000,
        "memory_available": 4000,
        "memory_buffers": 30,
        "memory_cached": 500,
        "sched_runtime": 1_500_000_000,  # ns
        "sched_waittime": 2_250_000_000,
        "sched_timeslices": 42,
    }
    own = {
        name.removeprefix("example_domain_web1_"): v for name, v in said.items() if "web1" in name
    }
    assert own == {
        "cpu_alloc": 4,  # the most it may have
        "cpu_cputime": 7,  # ns
        "cpu_usertime": 3,
        "cpu_systemtime": 1,
        "memory_alloc": 2048,  # KiB
        "memory_rss": 1024,
        "memory_available": 223388,
        "memory_unused": 130160,
        "memory_usable": 133552,
        "memory_diskcaches": 67844,
        "memory_swapin": 0,
        "memory_swapout": 0,
        "memory_minorfault": 13917,
        "memory_majorfault": 0,
        "memory_hugetlbpgalloc": 0,
        "memory_hugetlb_pgfail": 0,
        "memory_last_update": 1795330998,  # s
        "sched_runtime": 353933897,  # ns, of all threads
        "sched_waittime": 1003184971,
        "sched_timeslices": 10850,
        "stat_minflt": 28741,
        "stat_majflt": 20,
        "stat_cminflt": 7,
        "stat_cmajflt": 8,
        "stat_vsize": 730681344,  # bytes
        "stat_rss": 67004,  # pages
        "stat_rsslim": 2**64,  # one more than the kernel says: whoever reads it reads a float
    }


def test_counters_are_those_since_the_last_time() -> None:
    values = Values()
    values.put("perf_delta", 12, "page_faults")
    values.put("perf_delta", 34, "branch_misses")
    values.put("scrooge_domain_perf_events_total", 999, "page_faults")
    text = render(Snapshot(Values(), [Domain("a_b", UUID, values)]), "p")
    assert text == "p_domain_a_b_perf_hwbranchmisses 34\np_domain_a_b_perf_swpagefaults 12\n"


@given(st.text(max_size=20))
def test_whatever_a_vm_is_called_its_lines_can_be_read(name: str) -> None:
    values = Values()
    values.put("scrooge_domain_cpu_seconds_total", 1)
    text = render(Snapshot(values, [Domain(name, UUID, values)]), "p")
    assert re.fullmatch(r"p_domain_[a-zA-Z0-9_:]*_cpu_cputime 1000000000\n", text)


def test_vms_that_become_one_name_give_no_series_twice() -> None:
    domains = []
    for uuid, name, seconds in ((UUID, "web-1", 1), (OTHER, "web1", 2)):
        values = Values()
        values.put("scrooge_domain_cpu_seconds_total", seconds)
        domains.append(Domain(name, uuid, values))
    assert vm_name("web-1") == vm_name("web1")
    for order in (domains, domains[::-1]):
        assert render(Snapshot(Values(), order), "p") == "p_domain_web1_cpu_cputime 2000000000\n"


@pytest.mark.parametrize("prefix", ["", "1a", "a-b", "a b", "ä", "a\n"])
def test_a_prefix_that_no_name_may_begin_with_is_misuse(prefix: str) -> None:
    with pytest.raises(MisuseError, match="--vmprobe"):
        check_prefix(prefix)
