"""The doctor finds each fault that was put into a real Placement, and nothing where none is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from offered import node, resource, status
from openstacks import Cloud
from operators import Operator
from scroogevm.offers.status import NodeStatus, OfferReason
from scroogevm.openstack.check import CHECKS

AGGREGATE = "5e08ea53-c4c6-448e-9334-ac4953de3cfa"
OTHER = "1f4ef6a2-4e9c-4e52-8bd0-3f0d6f2f1a0c"


def _join(cloud: Cloud, name: str, aggregate: str) -> None:
    head = cloud.ask("GET", f"/resource_providers/{cloud.names[name]}")
    body = {"aggregates": [aggregate], "resource_provider_generation": head["generation"]}
    cloud.ask("PUT", f"/resource_providers/{cloud.names[name]}/aggregates", json=body)


def _traits(cloud: Cloud, name: str, *traits: str) -> None:
    for trait in traits:
        if trait.startswith("CUSTOM_"):
            cloud.ask("PUT", f"/traits/{trait}")
    head = cloud.ask("GET", f"/resource_providers/{cloud.names[name]}")
    body = {"traits": list(traits), "resource_provider_generation": head["generation"]}
    cloud.ask("PUT", f"/resource_providers/{cloud.names[name]}/traits", json=body)


LOCKED = OfferReason(
    "locked", 9, 9, "VMs with 4096 MiB of locked memory count at their allocation."
)


def faults(cloud: Cloud) -> Iterator[tuple[NodeStatus, str, str, str]]:
    """Nodes with a fault each: what is told, the check that finds it, how bad it is, and why."""
    for name in ("twice.one", "twice.two", "short.example.org", "healthy", "alone"):
        cloud.host(name)
    yield node("nobody", vms=0), "found", "blocks", "no provider has this name"
    yield node("twice", vms=0), "found", "blocks", "several providers match: twice.one, twice.two"
    yield node("short", vms=0), "found", "tells", "found as short.example.org"
    cloud.host("nested", vcpus=0, memory=1024)
    cloud.host("nested_numa0", parent="nested")
    yield node("nested", vms=0), "found", "blocks", "is nested"
    cloud.host("pinned")
    cloud.change("pinned", "PCPU", total=16, max_unit=16)
    yield node("pinned", vms=0), "dedicated", "blocks", "16 cpus are dedicated"
    cloud.host("huge")
    cloud.change("huge", "MEMORY_MB", reserved=200_000)
    yield node("huge", vms=0), "hugepages", "warns", "200000 of 262144 MB are reserved"
    cloud.host("locked")
    mem = resource(262_144.0, 0.0, 1000.0, "ok", LOCKED)
    yield node("locked", None, mem, vms=0), "hugepages", "tells", "4096 MiB of locked memory"
    cloud.host("secret")
    _traits(cloud, "secret", "HW_CPU_X86_AMD_SEV")
    yield node("secret", vms=0), "hugepages", "blocks", "encrypted memory"
    cloud.host("unbounded", max_unit=1000)
    yield node("unbounded", vms=0), "max_unit", "warns", "max_unit 1000 is above the total 64"
    cloud.host("coarse", step_size=4, max_unit=32)
    yield node("coarse", vms=0), "max_unit", "tells", "step_size is 4"
    cloud.host("off")
    _traits(cloud, "off", "COMPUTE_STATUS_DISABLED", "CUSTOM_GOLD")
    yield node("off", vms=0), "traits", "tells", "the compute service is disabled"
    yield from faults_between(cloud)


def faults_between(cloud: Cloud) -> Iterator[tuple[NodeStatus, str, str, str]]:
    """Likewise, of what lies between providers, and between Placement and telemetry."""
    cloud.host("pool", vcpus=0)
    _traits(cloud, "pool", "MISC_SHARES_VIA_AGGREGATE")
    cloud.host("sharer")
    for name in ("pool", "sharer"):
        _join(cloud, name, AGGREGATE)
    yield node("sharer", vms=0), "sharing", "blocks", "pool shares MEMORY_MB with this node"
    for name in ("dense-1", "dense-2"):
        cloud.host(name, allocation_ratio=9.0)
        _join(cloud, name, OTHER)
        yield node(name, vms=0), "aggregates", "warns", "have ratio 9, other nodes have another one"
    cloud.host("crowded")
    cloud.place("crowded", 4)
    crowded = node("crowded", resource(64, 0, 64), vms=0)
    yield crowded, "consumers", "warns", "1 consumers here, the telemetry has 0 VMs"
    yield crowded, "consumers", "warns", "consumers hold 4 VCPU, the telemetry saw 0 allocated"
    cloud.host("over")
    cloud.place("over", 32)
    cloud.change("over", "VCPU", allocation_ratio=0.25)
    over = node("over", resource(64, 32, 32), resource(262_144, 1024, 1024), vms=1)
    yield over, "over", "warns", "32 VCPU are used and capacity is 16"
    cloud.host("half", vcpus=32)
    yield node("half", vms=0), "capacity", "blocks", "Placement has 32 VCPU, the node has 64"
    cloud.host("full")
    cloud.change("full", "VCPU", reserved=64)
    yield node("full", vms=0), "found", "blocks", "all of VCPU is reserved"
    cloud.host("lost")
    reason = OfferReason("lost", 9, 0, "No sample for 10 min.")
    lost = node("lost", resource(64, 0, 0, "withdrawn", reason), vms=0)
    yield lost, "offered", "tells", "the offer is withdrawn: No sample for 10 min."
    cloud.host("mute")
    yield node("mute", resource(allocated=None), vms=0), "offered", "blocks", "nothing is offered"


def test_each_fault_is_found_and_no_other(cloud: Cloud, tmp_path: Path) -> None:
    put = list(faults(cloud))
    told = {one.node: one for one, *_ in put}
    operator = Operator(tmp_path)
    operator.tell(status(node("healthy", vms=0), *told.values()))
    before = cloud.whole()
    found = operator.json("doctor", code=1)
    assert cloud.whole() == before
    by_node = {one["node"]: one for one in found["nodes"]}
    for one, check, level, sentence in put:
        findings = by_node[one.node]["findings"]
        assert any(
            (x["check"], x["level"]) == (check, level) and sentence in x["sentence"]
            for x in findings
        ), (one.node, findings)
        assert {x["check"] for x in findings if x["level"] != "tells"} <= {check}, one.node
        worst = "blocked" if level == "blocks" else "ready" if level == "tells" else "with care"
        assert by_node[one.node]["verdict"] == worst
    assert by_node["healthy"]["verdict"] == "ready"
    assert found["strangers"] == ["alone", "nested", "twice.one", "twice.two"]
    tested = {check for _, check, *_ in put}
    assert tested == {name.replace("-", "_") for name in CHECKS.names} - {"reverted"}
    text = operator.type("doctor", code=1)
    assert "blocked: 16 cpus are dedicated" in " ".join(text.split())
    assert "exclude nodes with cpu_dedicated_set" in text


@pytest.mark.parametrize("kind", ["VCPU", "MEMORY_MB"])
def test_a_ratio_that_somebody_else_wrote_stops_its_node(
    cloud: Cloud, tmp_path: Path, kind: str
) -> None:
    cloud.host("a")
    cloud.host("b")
    operator = Operator(tmp_path)
    told = [node(name, resource(free=70), resource(262_144, 0, 270_000), vms=0) for name in "ab"]
    operator.tell(status(*told))
    operator.type("adopt")
    operator.type("apply")
    assert cloud.ratio("a") == 1.09
    cloud.change("a", kind, allocation_ratio=16.0)
    found = operator.json("doctor", code=1)
    (one,) = [one for one in found["nodes"] if one["verdict"] == "blocked"]
    assert one["node"] == "a"
    assert one["findings"][0]["check"] == "reverted"
    assert "was written" in one["findings"][0]["sentence"]
    operator.tell(status(*(node(name, resource(free=80), vms=0) for name in "ab")))
    report = operator.json("apply")
    assert [name for name, _ in report["reverted"]] == ["a"]
    assert cloud.ratio("a", kind) == 16.0
    assert (cloud.ratio("a", "VCPU") == 1.09) is (kind != "VCPU")  # all of the node stops
    assert cloud.ratio("b") == 1.25
    # It goes on when the operator says so, and a rollback still knows the first ratio.
    assert operator.type("adopt", "--node", "a").startswith("1 node adopted")
    operator.type("apply")
    assert cloud.ratio("a") == 1.25
    operator.type("rollback")
    assert {cloud.ratio(name, of) for name in "ab" for of in ("VCPU", "MEMORY_MB")} == {1.0}
