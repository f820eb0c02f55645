"""What the probe says of real guests, held against the guests themselves and against libvirt."""

import os
import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import pytest

from hypervisor.guests import Guest
from hypervisor.nodes import Node
from hypervisor.probes import Probe, Watch, of_vm
from servers import wait

pytestmark = pytest.mark.hypervisor

MIB = 1 << 10
"""In the unit of libvirt and of /proc/meminfo."""

PRESSURE = Path("/proc/pressure/cpu")


def libvirt_says(guest: Guest) -> Mapping[str, float]:
    """All that libvirt has of a guest."""
    connection = guest.domain.connect()
    ((_, record),) = connection.domainListGetStats([guest.domain], 0, 0)
    return dict(record)


def test_each_probe_speaks_of_the_guests_of_its_node_by_their_names(watches: list[Watch]) -> None:
    assert [set(watch.said().vms) for watch in watches] == [{"web-1", "db_2"}, {"idle", "bare"}]


def test_memory_is_what_the_guest_itself_sees(
    watches: list[Watch], guests: Mapping[str, Guest]
) -> None:
    guest = guests["web-1"]
    for held in (0, 48):
        own = guest.do(f"mem {held}")

        def agrees(own: Mapping[str, int] = own) -> bool:
            said = watches[0].said().vms["web-1"]
            return (
                said["guest_total"] == own["MemTotal"] / MIB
                and abs(said["guest_usable"] - own["MemAvailable"] / MIB) < 4
                and abs(said["guest_unused"] - own["MemFree"] / MIB) < 4
            )

        wait(agrees, f"the probe to agree with a guest that holds {held} MiB", 20)
    used = of_vm(watches[0].sample(), "web-1")
    assert used["mem_usage"] == pytest.approx((own["MemTotal"] - own["MemAvailable"]) / MIB, abs=4)
    assert used["mem_age"] < 4
    guest.do("mem 0")


def test_page_faults_are_what_the_guest_itself_counts(
    watches: list[Watch], guests: Mapping[str, Guest]
) -> None:
    before = guests["idle"].do("stat")["pgfault"]

    def newer() -> float | None:
        counted = watches[1].said().vms["idle"]["page_faults"]
        return counted if counted >= before else None

    said = wait(newer, "the guest to speak of its faults")
    assert said <= guests["idle"].do("stat")["pgfault"]


def test_figures_lie_between_what_libvirt_says_before_and_after(
    watches: list[Watch], guests: Mapping[str, Guest]
) -> None:
    guest = guests["db_2"]
    before = libvirt_says(guest)
    said = watches[0].said().vms["db_2"]
    after = libvirt_says(guest)
    assert before["cpu.time"] <= said["cpu_time"] * 1e9 <= after["cpu.time"]
    assert before["vcpu.0.delay"] <= said["delay_time"] * 1e9
    assert said["vcpus"] == before["vcpu.current"] == 1
    assert said["mem_current"] == before["balloon.current"] / MIB == 128
    assert said["mem_maximum"] == before["balloon.maximum"] / MIB == 128
    assert said["rss"] == pytest.approx(before["balloon.rss"] / MIB, abs=4)


def test_the_node_is_what_the_kernel_says(watches: list[Watch]) -> None:
    said = watches[0].said().node
    assert said["cores"] == os.cpu_count()
    meminfo = dict(line.split(":") for line in Path("/proc/meminfo").read_text().splitlines())
    assert said["mem_total"] == int(meminfo["MemTotal"].split()[0]) / MIB


@pytest.mark.skipif(not PRESSURE.exists(), reason="this kernel has no pressure stall information")
def test_the_pressure_on_the_node_is_what_the_kernel_says(watches: list[Watch]) -> None:
    def waited() -> float:
        """Seconds in which some task waited for a cpu."""
        return int(PRESSURE.read_text().splitlines()[0].rpartition("total=")[2]) / 1e6

    before = waited()
    said = watches[0].said().node["cpu_pressure_time"]
    assert before <= said <= waited()


def test_one_busy_vcpu_reads_one_core(watches: list[Watch], guests: Mapping[str, Guest]) -> None:
    guest = guests["db_2"]
    watches[0].sample()
    guest.do("cpu 100")
    guest.burn(1)
    watches[0].sample()

    def undisturbed() -> bool:
        """Whether it had a core for itself; whatever it had and waited for is one core."""
        guest.burn(4)
        seen = of_vm(watches[0].sample(), guest.name)
        assert seen["cpu_usage"] <= 1.1
        assert 0.9 <= seen["cpu_usage"] + seen["cpu_delay"] < 1.5
        return seen["cpu_usage"] >= 0.9

    wait(undisturbed, "a time in which this machine has nothing more urgent to do")
    guest.do("cpu 0")


def test_half_a_busy_vcpu_reads_about_half_and_the_idle_hardly_anything(
    watches: list[Watch], guests: Mapping[str, Guest]
) -> None:
    for guest in guests.values():
        guest.do("cpu 0")
    guests["web-1"].do("cpu 50")
    for watch in watches:
        watch.sample()
    guests["web-1"].burn(2)
    first, second = (watch.sample() for watch in watches)
    guests["web-1"].do("cpu 0")
    assert 0.4 < of_vm(first, "web-1")["cpu_usage"] < 0.85  # to stop and go costs an emulator
    assert of_vm(first, "db_2")["cpu_usage"] < 0.2
    assert of_vm(second, "idle")["cpu_usage"] < 0.2
    # The node's own is counted in ticks of 10 ms, and read some milliseconds apart.
    assert first.values["cpu_usage"] > 0.95 * of_vm(first, "web-1")["cpu_usage"]


def test_two_busy_vcpus_on_one_core_wait_half_of_the_time(
    watches: list[Watch], guests: Mapping[str, Guest]
) -> None:
    watch = watches[0]
    pair = [guests["web-1"], guests["db_2"]]
    core = min(os.sched_getaffinity(0))
    for guest in pair:
        guest.pin([core])
        guest.do("cpu 100")
    outer = [watch.said().vms]
    watch.sample()
    inner = [[libvirt_says(guest)["vcpu.0.delay"] for guest in pair]]
    pair[0].burn(4)
    inner.append([libvirt_says(guest)["vcpu.0.delay"] for guest in pair])
    sample = watch.sample()
    outer.append(watch.said().vms)
    for guest in pair:
        guest.do("cpu 0")
        guest.pin(os.sched_getaffinity(0))
    for guest, began, ended in zip(pair, *inner, strict=True):
        waited = outer[1][guest.name]["delay_time"] - outer[0][guest.name]["delay_time"]
        assert waited * 1e9 >= ended - began > 1e9  # threads that are no vCPU wait as well
        vm = of_vm(sample, guest.name)
        assert vm["cpu_usage"] == pytest.approx(0.5, abs=0.2)
        assert 0.3 < vm["cpu_delay"] < 1.5
    assert sum(of_vm(sample, guest.name)["cpu_usage"] for guest in pair) <= 1.1


@pytest.mark.parametrize("target", [112, 192])
def test_a_balloon_change_shows_at_the_next_scrape(
    watches: list[Watch], guests: Mapping[str, Guest], target: int
) -> None:
    guest = guests["web-1"]
    guest.domain.setMemoryFlags(target * MIB, 1)
    # QEMU tells libvirt of a new size once a second at most.
    wait(lambda: libvirt_says(guest)["balloon.current"] == target * MIB, "the balloon")
    assert of_vm(watches[0].sample(), "web-1")["mem"] == target
    own = guest.do("stat")["MemTotal"] / MIB
    wait(lambda: watches[0].said().vms["web-1"]["guest_total"] == own, "the guest to say so", 20)
    assert watches[0].said().vms["web-1"]["mem_maximum"] == 192


def test_a_guest_without_driver_has_all_but_its_own_view(
    watches: list[Watch], guests: Mapping[str, Guest]
) -> None:
    watches[1].sample()
    guests["bare"].do("cpu 100")
    guests["bare"].burn(1)
    guests["bare"].do("cpu 0")
    sample = watches[1].sample()
    bare, idle = of_vm(sample, "bare"), of_vm(sample, "idle")
    own = {name for name in idle if bare[name] != bare[name]}
    assert (
        {"mem_usage", "mem_age"}
        <= own
        <= {
            "mem_usage",
            "mem_age",
            "page_faults",
            "major_faults",
            "swap_in",
            "swap_out",
        }
    )
    assert bare["mem"] == 128
    assert bare["mem_rss"] > 50
    assert bare["cpu_usage"] > 0.3
    assert idle["mem_usage"] > 0


def test_a_guest_that_is_killed_while_we_read_leaves_the_rest(
    nodes: list[Node], watches: list[Watch]
) -> None:
    watch = watches[0]

    def sees(name: str) -> bool:
        """Whether it speaks of a guest, as it does of those that stay."""
        vms = watch.said().vms
        for stays in ("web-1", "db_2"):
            assert vms[stays]["cpu_time"] > 0
            assert vms[stays]["guest_total"] > 0
        return name in vms

    for number in range(5):
        doomed = nodes[0].guest(f"doomed-{number}")
        wait(partial(sees, doomed.name), "the new guest to be seen")
        os.kill(doomed.pid, signal.SIGKILL)
        while sees(doomed.name):
            pass


def held(process: int, then: Callable[[], object]) -> None:
    """Do something while a process is stopped."""
    os.kill(process, signal.SIGSTOP)
    try:
        then()
    finally:
        os.kill(process, signal.SIGCONT)


def test_a_guest_that_hangs_is_marked_lacks_its_own_view_and_leaves_the_rest(
    watches: list[Watch], guests: Mapping[str, Guest]
) -> None:
    def check() -> None:
        for _ in range(2):
            said = watches[0].said()
            assert said.vms["web-1"]["cpu_time"] > 0
            assert said.vms["web-1"]["guest_total"] > 0
            assert said.vms["web-1"]["up"] == 1
            assert said.vms["db_2"]["up"] == 0
            assert said.vms["db_2"]["mem_current"] == 128
            assert said.vms["db_2"]["cpu_time"] > 0
            assert "guest_total" not in said.vms["db_2"]
            assert said.node["mem_total"] > 0

    held(guests["db_2"].pid, check)
    wait(lambda: watches[0].said().vms["db_2"].get("guest_total"), "the guest to be read again")


def test_a_libvirtd_that_hangs_leaves_what_the_kernel_says(
    nodes: list[Node], watches: list[Watch]
) -> None:
    def check() -> None:
        for _ in range(2):
            said = watches[0].said()
            assert said.node["cpu_time"] > 0
            assert said.series["scrooge_libvirt_up"] == 0

    held(int((nodes[0].root / "pid").read_text()), check)
    wait(lambda: watches[0].said().series["scrooge_libvirt_up"] == 1, "libvirt to be read again")


def test_a_libvirtd_that_is_restarted_is_found_again(
    nodes: list[Node], watches: list[Watch], probes: list[Probe]
) -> None:
    before = watches[0].said().vms["web-1"]["cpu_time"]
    nodes[0].stop_libvirtd()
    try:
        said = watches[0].said()
        assert said.series["scrooge_libvirt_up"] == 0
        assert said.node["cpu_time"] > 0
        assert not said.vms
    finally:
        nodes[0].start_libvirtd()
    wait(lambda: set(watches[0].said().vms) == {"web-1", "db_2"}, "the guests to be seen again")
    after = watches[0].said()
    assert after.series["scrooge_libvirt_up"] == 1
    assert after.vms["web-1"]["cpu_time"] >= before
    assert set(watches[1].said().vms) == {"idle", "bare"}
    assert probes[0].scrape()
