"""What every dialect of the registry keeps to, and what each understands."""

import re
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scroogevm.ports import DIALECTS
from scroogevm.telemetry import metrics, terms
from scroogevm.telemetry.dialect import Dialect, Place, TableDialect, every_dialect

every = pytest.mark.parametrize("dialect", every_dialect(), ids=lambda dialect: dialect.name)
words = st.text("abdglmoinc_-é\n ", max_size=30)

MIB = 2.0**20


def places(name: str, **labels: str) -> Mapping[str, Place]:
    """Where the dialects put a series."""
    found = {}
    for dialect in every_dialect():
        for place in dialect.places(name, labels):
            found[f"{dialect.name} {place.term}"] = place
    return found


@every
def test_ranks_are_distinct_and_names_are_those_of_the_registry(dialect: Dialect) -> None:
    assert dialect.name in DIALECTS.names
    assert [other.rank for other in every_dialect()].count(dialect.rank) == 1


@every
def test_tables_name_terms_that_there_are(dialect: Dialect) -> None:
    if isinstance(dialect, TableDialect):
        assert dialect.node or dialect.vm
        for table, known in ((dialect.node, terms.NODE), (dialect.vm, terms.VM)):
            for meanings in table.values():
                assert {meaning.term for meaning in meanings} <= set(known)
                assert all(meaning.factor > 0 for meaning in meanings)


@every
@settings(deadline=None)
@given(name=words, labels=st.dictionaries(words, words, max_size=3))
def test_names_of_others_mean_nothing(dialect: Dialect, name: str, labels: dict[str, str]) -> None:
    assert not [*dialect.places(name, labels)]


@every
def test_a_server_is_asked_for_every_name_that_has_a_place(dialect: Dialect) -> None:
    patterns = dialect.patterns([*terms.NODE], [*terms.VM])
    assert patterns
    names = ["my_probe_global_probe_epoch", "my_probe_domain_db_2_cpu_alloc"]
    if isinstance(dialect, TableDialect):
        names = [*dialect.node, *dialect.vm]
    for name in names:
        assert any(re.fullmatch(pattern, name) for pattern in patterns), name
    assert not dialect.patterns([], [])


def test_what_the_probe_declares_is_understood_by_its_labels() -> None:
    for name, metric in metrics.NODE.items():
        for value, term in metric.terms.items():
            labels = {metric.labels[0]: value} if value else {}
            assert places(name, **labels) == {f"scroogevm {term}": Place(None, term, metric.factor)}
    vm = {"domain": "web", "uuid": "1-2"}
    for name, metric in metrics.DOMAIN.items():
        wanted = {
            f"scroogevm {term}": Place("web", term, metric.factor) for term in metric.terms.values()
        }
        assert places(name, **vm) == wanted


def test_modes_of_cpus_in_which_nobody_works_are_no_usage() -> None:
    for name, dialect in (("node_cpu", "node-exporter"), ("ceems_cpu", "ceems")):
        found = {
            mode: {key.split()[1] for key in places(f"{name}_seconds_total", cpu="0", mode=mode)}
            for mode in ("user", "nice", "system", "irq", "softirq", "idle", "iowait", "steal")
        }
        assert found.pop("steal") == {"steal_time"}
        assert found.pop("idle") == ({"cores"} if dialect == "node-exporter" else set())
        assert found.pop("iowait") == set()
        assert set.union(*found.values()) == {"cpu_time"}
        assert all(found.values())
    assert not places("node_cpu_guest_seconds_total", cpu="0", mode="user")


def test_cpus_are_counted_and_not_summed() -> None:
    found = places("node_cpu_seconds_total", cpu="7", mode="idle")
    assert found == {"node-exporter cores": Place(None, "cores", count=True)}


def test_the_two_libvirt_exporters_are_told_apart_by_the_uuid() -> None:
    name = "libvirt_domain_info_memory_usage_bytes"
    debian, inovex = places(name, domain="web", uuid="1"), places(name, domain="web")
    assert debian == {"libvirt-exporter mem_current": Place("web", "mem_current", 1 / MIB)}
    assert inovex == {"inovex mem_current": Place("web", "mem_current", 1 / MIB)}


def test_only_vms_of_libvirt_are_read_from_ceems() -> None:
    name = "ceems_compute_unit_cpus"
    assert places(name, manager="libvirt", uuid="1") == {"ceems vcpus": Place("1", "vcpus")}
    assert not places(name, manager="slurm", uuid="1")


def test_ceems_can_tell_which_vms_there_are_while_its_collector_of_libvirt_succeeds() -> None:
    name = "ceems_scrape_collector_success"
    assert places(name, collector="libvirt") == {"ceems vms_up": Place(None, "vms_up")}
    assert not places(name, collector="rapl")


def test_a_vm_of_which_only_an_info_is_told_is_listed() -> None:
    for name in ("libvirt_domain_openstack_info", "libvirt_domain_info"):
        assert places(name, domain="web", flavor_name="m1") == {
            "inovex listed": Place("web", "listed", count=True)
        }


def test_a_series_without_the_label_that_names_the_vm_has_no_place() -> None:
    assert not places("libvirt_domain_info_virtual_cpus")
    assert not places("libvirt_domain_info_virtual_cpus", domain="")


def test_vms_are_named_by_the_label_that_is_asked_for() -> None:
    dialect = DIALECTS.build("libvirt-exporter:vm_label=name")
    labels = {"domain": "instance-1", "uuid": "1", "name": "shop"}
    assert dialect.places("libvirt_domain_info_virtual_cpus", labels) == [Place("shop", "vcpus")]


@pytest.mark.parametrize(
    ("name", "prefix", "vm"),
    [
        ("example_domain_db_2_cpu_cputime", "", "db_2"),
        ("my_own_prefix_domain_web1_cpu_cputime", "", "web1"),
        ("my_own_prefix_domain_web1_cpu_cputime", "my_own_prefix", "web1"),
        ("p_domain_a_domain_b_cpu_cputime", "", "a_domain_b"),
        ("p_domain_a_cpu_alloc_cpu_cputime", "", "a_cpu_alloc"),
        ("p_domain_p_domain_web_cpu_cputime", "p_domain_p", "web"),
        ("my_domain_domain_web_cpu_cputime", "my_domain", "web"),
        ("p_global_cpu_kernel", "", None),
        ("a_global_b_global_cpu_kernel", "", None),
    ],
)
def test_vmprobes_names_are_read_from_the_right(name: str, prefix: str, vm: str | None) -> None:
    dialect = DIALECTS.build(f"vmprobe:prefix={prefix}" if prefix else "vmprobe")
    assert dialect.places(name, {}) == (Place(vm, "cpu_time", 1e-9),)


@pytest.mark.parametrize(
    "name",
    [
        "other_global_cpu_kernel",
        "own_domain_web_cpu_cputimes",
        "own_domain_web_sched_waittime",
        "own_domain_web_stat_rss",
        "own_domain_web_perf_swpagefaults",
        "own_global_cpu_idle",
        "own_domain__cpu_cputime",
        "own_global_",
    ],
)
def test_what_vmprobe_says_otherwise_has_no_place(name: str) -> None:
    assert not DIALECTS.build("vmprobe:prefix=own").places(name, {})
