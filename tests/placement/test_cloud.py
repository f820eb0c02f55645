"""From doctor to rollback, as an operator types it, against a real Placement."""

from pathlib import Path

from offered import node, resource, status
from openstacks import Cloud
from operators import Operator


def test_an_operator_goes_from_doctor_to_rollback(cloud: Cloud, tmp_path: Path) -> None:
    names = [f"compute-{at:02}" for at in range(50)]
    for name in names:
        cloud.host(f"{name}.example.org", allocation_ratio=16.0)
    cloud.place("compute-00.example.org", 32)
    before = cloud.whole()
    operator = Operator(tmp_path)
    # 32 cores are promised on the first, all nodes have 70 free.
    busy = node("compute-00", resource(64.0, 32.0, 70.0), resource(262_144.0, 1024.0, 262_144.0), 1)
    operator.tell(status(busy, *(node(name, resource(free=70.0), vms=0) for name in names[1:])))

    found = operator.json("doctor")
    assert {one["verdict"] for one in found["nodes"]} == {"ready"}

    assert len(operator.json("plan")["changes"]) == 50
    assert "50 nodes not adopted: nothing is written there before" in operator.type("plan")
    assert operator.type("adopt") == "50 nodes adopted, 0 were already\n"
    plan = operator.json("plan")
    cpu = {one["node"]: one["after"] for one in plan["changes"] if one["kind"] == "VCPU"}
    assert cpu["compute-00"] == 1.59  # (32 + 70) / 64
    assert cpu["compute-01"] == 1.09  # 70 / 64
    assert cloud.whole() == before
    assert plan["before"]["largest"] == {"VCPU": 32, "MEMORY_MB": 1024}

    operator.type("apply")
    assert cloud.ratio("compute-00.example.org") == 1.59
    assert cloud.candidates(64) == {f"{name}.example.org" for name in names}
    assert "written" in operator.type("log")

    operator.type("rollback")
    assert cloud.whole() == before
    assert {one["why"] for one in operator.json("plan")["stays"]} == {"blocked"}


def test_without_an_offer_candidates_vanish(cloud: Cloud, tmp_path: Path) -> None:
    for name in ("a", "b"):
        cloud.host(name)
    cloud.place("a", 5, 7000)
    operator = Operator(tmp_path)
    operator.tell(status(node("a", resource(64, 5, 59), vms=1), node("b", vms=0)))
    operator.type("adopt")
    operator.type("apply")
    assert cloud.candidates(1) == {"a", "b"}
    lost = resource(64, 5, 0, "withdrawn"), resource(262_144, 7000, 0, "withdrawn")
    gone = resource(64, 0, 0, "withdrawn"), resource(262_144, 0, 0, "withdrawn")
    operator.tell(status(node("a", *lost, vms=1), node("b", *gone, vms=0)))
    operator.type("apply")
    assert cloud.candidates(1) == set()
    assert cloud.inventories("a")["VCPU"]["allocation_ratio"] >= 5 / 64  # never below what is used
    assert cloud.ratio("b") > 0  # which nova-compute would take for unset
