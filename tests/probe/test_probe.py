"""A node and its VMs read as a whole: a real libvirt with made-up VMs, trees of made-up kernels."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from probe.trees import LIBRARY, NODE, UUID, Error, Host, answer, grow, process
from scroogevm.errors import MissingExtraError
from scroogevm.hypervisor import library
from scroogevm.hypervisor.hypervisor import Hypervisor
from scroogevm.probe.exposition import render
from scroogevm.probe.plain import to_plain
from scroogevm.probe.probe import Places, Probe
from scroogevm.probe.snapshot import Domain, Snapshot
from scroogevm.telemetry.metrics import DOMAIN
from scroogevm.telemetry.metrics import NODE as NODE_METRICS
from servers import missing

WAITING = "scrooge_domain_sched_waiting_seconds_total"
DELAYED = "0 3000000000 9"
DOMAIN_XML = """
<domain type="test"><name>{name}</name><uuid>{uuid}</uuid>
<memory>{most}</memory><currentMemory>{now}</currentMemory><vcpu current="1">2</vcpu>
<os><type>hvm</type></os></domain>"""


@pytest.fixture
def libvirt() -> Any:
    """The real library."""
    try:
        return library.libvirt()
    except MissingExtraError:
        missing("no libvirt-python here")


@pytest.fixture
def made_up(monkeypatch: pytest.MonkeyPatch) -> Host:
    """A libvirt with one VM."""
    monkeypatch.setattr(library, "libvirt", lambda: LIBRARY)
    host = Host()
    host.add("web-1", UUID)
    return host


def probing(host: Host, root: Path, files: Mapping[str, str] = NODE) -> Probe:
    procfs, sysfs = grow(root, files)
    places = Places("x", procfs, sysfs)
    return Probe(places, Hypervisor("x", 30, host.connect), clock=lambda: 1000.0)


def the_one(snapshot: Snapshot) -> Domain:
    (domain,) = snapshot.domains
    return domain


def test_the_test_driver_answers_piece_by_piece(libvirt: Any, tmp_path: Path) -> None:
    uri = "test:///default"
    connection = libvirt.open(uri)
    connection.lookupByName("test").setMemoryFlags(4 << 20, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    procfs, sysfs = grow(tmp_path, NODE)
    probe = Probe(Places(uri, procfs, sysfs))
    values = the_one(probe.read()).values
    wanted = {
        "up": 1, "state": 1, "vcpus": 2, "vcpus_maximum": 2,
        "memory_current_bytes": 4 << 30, "memory_maximum_bytes": 8 << 30,
        "memory_rss_bytes": 2 << 30, "guest_memory_total_bytes": 4 << 30,
        "guest_memory_usable_bytes": 2 << 30, "guest_memory_unused_bytes": 2 << 30,
        "guest_memory_updated_timestamp_seconds": 627319920,
    }  # fmt: skip
    for name, value in wanted.items():
        assert values.of(f"scrooge_domain_{name}") == value, name
    first = values.of("scrooge_domain_cpu_seconds_total")
    second = the_one(probe.read()).values.of("scrooge_domain_cpu_seconds_total")
    assert first is not None
    assert second is not None
    assert second > first
    probe.close()


def test_vms_come_and_go_and_may_be_called_anything(libvirt: Any, tmp_path: Path) -> None:
    connection = libvirt.open("test:///default")
    name = 'we"b\\ 1 ä'
    text = DOMAIN_XML.format(name=name, uuid=UUID[:-1] + "0", most=1 << 20, now=1 << 19)
    domain = connection.createXML(text)
    procfs, sysfs = grow(tmp_path, NODE)
    probe = Probe(Places("test:///default", procfs, sysfs))
    snapshot = probe.read()
    assert {each.name for each in snapshot.domains} == {"test", name}
    said = render(snapshot)
    mine = f'{{domain="we\\"b\\\\ 1 ä",uuid="{UUID[:-1]}0"}}'
    assert f"scrooge_domain_memory_current_bytes{mine} {1 << 29}\n" in said
    assert f"scrooge_domain_memory_maximum_bytes{mine} {1 << 30}\n" in said
    domain.destroy()
    assert {each.name for each in probe.read().domains} == {"test"}
    probe.close()


def test_a_libvirt_that_is_not_there_costs_the_vms_alone(libvirt: Any, tmp_path: Path) -> None:
    del libvirt
    procfs, sysfs = grow(tmp_path, NODE)
    uri = f"qemu+unix:///system?socket={tmp_path}/none"
    snapshot = Probe(Places(uri, procfs, sysfs)).read()
    assert snapshot.values.of("scrooge_libvirt_up") == 0
    assert snapshot.values.of("scrooge_probe_capability", "libvirt") == 0
    assert snapshot.values.of("scrooge_node_cpus") == 2
    assert "No such file" in snapshot.blind["libvirt"]
    assert ("scrooge_libvirt_domains", "") not in snapshot.values
    assert snapshot.domains == []


def test_without_the_library_the_node_is_read_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent() -> None:
        raise MissingExtraError("libvirt-python", "libvirt", "reading VMs")

    monkeypatch.setattr(library, "libvirt", absent)
    procfs, sysfs = grow(tmp_path, NODE)
    snapshot = Probe(Places("x", procfs, sysfs)).read()
    assert snapshot.values.of("scrooge_node_cpus") == 2
    assert snapshot.blind["libvirt"].endswith("pip install 'scroogevm[libvirt]'")


def test_what_kernel_and_libvirt_say_of_a_vm_stands_together(made_up: Host, tmp_path: Path) -> None:
    threads = {7: "5000000000 2000000000 9", 8: "1000000000 1000000000 1"}
    snapshot = probing(made_up, tmp_path, {**NODE, **process(7, UUID, threads=threads)}).read()
    values = the_one(snapshot).values
    assert values.of("scrooge_domain_cpu_seconds_total") == 10
    assert values.of("scrooge_domain_memory_rss_bytes") == 1024 * 1024, "libvirt knows better"
    assert values.of("scrooge_domain_sched_running_seconds_total") == 6
    assert values.of(WAITING) == 3
    assert snapshot.values.of("scrooge_probe_time_seconds") == 1000
    assert snapshot.values.of("scrooge_probe_interval_seconds") == 5
    declared = {**NODE_METRICS, **DOMAIN}
    assert {name for name, _ in snapshot.values} <= set(declared)


def test_a_vm_whose_libvirt_is_held_up_keeps_what_the_kernel_says(
    made_up: Host, tmp_path: Path
) -> None:
    made_up.vms[0].failure = Error("Timed out during operation")
    files = {**NODE, **process(7, UUID, threads={7: DELAYED})}
    values = the_one(probing(made_up, tmp_path, files).read()).values
    assert values.of("scrooge_domain_up") == 0
    assert values.of(WAITING) == 3
    assert values.of("scrooge_domain_memory_rss_bytes") is not None
    assert values.of("scrooge_domain_cpu_seconds_total") is None
    assert values.of("scrooge_domain_memory_current_bytes") is None


def test_without_threads_waiting_is_that_of_the_vcpus(made_up: Host, tmp_path: Path) -> None:
    probe = probing(made_up, tmp_path)
    assert the_one(probe.read()).values.of(WAITING) == 3
    # It stays so: one counter for another would look like a burst of waiting.
    grow(tmp_path, process(7, UUID, threads={7: "0 9000000000 9"}))
    assert the_one(probe.read()).values.of(WAITING) == 3
    assert the_one(probe.read()).values.of(WAITING) == 3


def test_waiting_of_threads_is_not_replaced_by_that_of_vcpus(made_up: Host, tmp_path: Path) -> None:
    probe = probing(made_up, tmp_path, {**NODE, **process(7, UUID, threads={7: DELAYED})})
    assert the_one(probe.read()).values.of(WAITING) == 3
    (tmp_path / "proc" / "7" / "task" / "7" / "schedstat").unlink()
    assert the_one(probe.read()).values.of(WAITING) is None


def test_the_time_is_of_the_numbers_that_were_got(
    made_up: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moments = iter([10.0, 20.0, 30.0])
    probe = probing(made_up, tmp_path)
    monkeypatch.setattr(probe, "_clock", lambda: next(moments))
    failing = [True]

    def once(_: object) -> None:
        if failing:
            failing.clear()
            raise Error("Connection reset by peer", 38)

    made_up.on_stats = once
    assert probe.read().values.of("scrooge_probe_time_seconds") == 30


def test_of_what_only_vms_show_nothing_is_claimed_without_vms(
    made_up: Host, tmp_path: Path
) -> None:
    def known(snapshot: Snapshot) -> dict[str, float]:
        return {label: v for (name, label), v in snapshot.values.items() if "capability" in name}

    probe = probing(made_up, tmp_path)
    assert known(probe.read())["processes"] == 0
    made_up.vms.clear()
    everywhere = {"libvirt", "cpu", "memory", "pressure", "schedstat", "frequency", "host"}
    assert set(known(probe.read())) == everywhere
    made_up.add("web-1", UUID, stats=answer())
    grow(tmp_path, process(7, UUID, threads={7: DELAYED}))
    seen = known(probe.read())
    assert (seen["processes"], seen["threads"], seen["cgroups"]) == (1, 1, 0)


def test_programs_get_the_same(made_up: Host, tmp_path: Path) -> None:
    plain = to_plain(probing(made_up, tmp_path).read())
    assert plain["node"]["scrooge_node_cpu_seconds_total"]["user"] == 10
    (vm,) = plain["domains"]
    assert (vm["domain"], vm["uuid"], vm["openstack"]) == ("web-1", UUID, None)
    assert vm["scrooge_domain_up"] == 1
    assert set(plain["blind"]) == {"processes"}
