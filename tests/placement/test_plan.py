"""The plan writes what offers ask for, no faster and no further than allowed."""

from dataclasses import replace

import pytest

from hosts import adopted, provider
from offered import SLICE, node, resource, status
from scroogevm.errors import MisuseError
from scroogevm.offers.status import Status
from scroogevm.openstack.canary import CanaryRecord
from scroogevm.openstack.memory import Memory
from scroogevm.openstack.plan import Plan, make_plan
from scroogevm.openstack.ratio import RatioBounds
from scroogevm.openstack.records import Survey
from scroogevm.openstack.rules import Policy, Rules

NOW = 1_000_000.0
ALL = Rules(share=1.0, kinds=("VCPU",))


def planned(
    told: Status, survey: Survey, rules: Rules = ALL, memory: Memory | None = None, **more: object
) -> Plan:
    known = adopted(survey) if memory is None else memory
    return make_plan(told.at(NOW), survey, known, rules, now=NOW, **more)  # type: ignore[arg-type]


def fleet(number: int, free: float = 80.0, ratio: float = 1.0) -> tuple[Status, Survey]:
    names = [f"n{at}" for at in range(number)]
    told = status(*(node(name, resource(free=free), vms=0) for name in names), at=NOW)
    return told, Survey([provider(name, ratio) for name in names])


def after(plan: Plan) -> dict[str, float]:
    return {one.node: one.after for one in plan.changes}


def why(plan: Plan) -> dict[str, str]:
    return {one.node: one.why for one in plan.stays}


def test_a_ratio_rises_by_steps_and_falls_at_once() -> None:
    told, survey = fleet(1, free=128.0)
    assert after(planned(told, survey)) == {"n0": 1.5}
    told, survey = fleet(1, ratio=16.0)
    assert after(planned(told, survey)) == {"n0": 1.25}


def test_a_small_rise_is_not_written_and_a_small_fall_is() -> None:
    told, survey = fleet(1, free=65.0)
    assert why(planned(told, survey)) == {"n0": "dead band"}
    told, survey = fleet(1, free=63.5)
    assert after(planned(told, survey)) == {"n0": 0.99}


def test_a_share_of_the_fleet_is_written_the_most_urgent_first() -> None:
    told, survey = fleet(8)
    survey = replace(survey, providers=[*survey.providers[:-1], provider("n7", 16.0)])
    plan = planned(told, survey, replace(ALL, share=0.25))
    assert list(after(plan)) == ["n7", "n0"]
    assert set(why(plan).values()) == {"share"}
    # Two were written for this window already.
    memory = adopted(survey, recent={"n5": (NOW, NOW), "n6": (NOW, NOW)})
    assert not planned(told, survey, replace(ALL, share=0.25), memory).changes


def test_nothing_is_written_that_was_not_adopted() -> None:
    told, survey = fleet(1)
    assert why(planned(told, survey, memory=Memory())) == {"n0": "not adopted"}


def test_nothing_is_written_where_a_node_has_stopped() -> None:
    told, survey = fleet(2)
    memory = adopted(survey, stops={("uuid-n0", "VCPU"): "somebody wrote"})
    plan = planned(told, survey, memory=memory)
    assert list(after(plan)) == ["n1"]
    assert why(plan) == {"n0": "blocked"}


@pytest.mark.parametrize(("policy", "ratio"), [("close", 0.16), ("keep", None), ("start", 9.0)])
@pytest.mark.parametrize("state", ["withdrawn", "expired"])
def test_without_an_offer_the_policy_decides(
    policy: Policy, ratio: float | None, state: str
) -> None:
    lost = resource(64, 10, 0 if state == "withdrawn" else 30, "withdrawn")
    until = 1e12
    if state == "expired":
        lost, until = resource(64, 10, 30), NOW - 1
    told = status(node("n", lost, vms=1, valid_until=until), at=NOW)
    survey = Survey([provider("n", 2.0, used=10)])
    start = adopted(Survey([provider("n", 9.0)]))
    other: Policy = "close" if policy == "keep" else "keep"
    withdrawn, stopped = (policy, other) if state == "withdrawn" else (other, policy)
    rules = replace(ALL, withdrawn=withdrawn, stopped=stopped)
    found = after(planned(told, survey, rules, start))
    assert found == ({} if ratio is None else {"n": pytest.approx(ratio, abs=0.01)})


def test_canaries_go_first_and_others_wait_for_their_ledger() -> None:
    told, survey = fleet(4)
    rules = replace(ALL, canary=("n0",), canary_windows=2, canary_violations=0.1)
    plan = planned(told, survey, rules)
    assert list(after(plan)) == ["n0"]
    assert {one.reason for one in plan.stays} == {"no canary was written yet"}

    def reason(memory: Memory, short: int = 0, windows: int = 10) -> str:
        ledger = lambda nodes, since: CanaryRecord(windows, short)  # noqa: ARG005, E731
        plan = planned(told, survey, rules, memory, ledger=ledger)
        waiting = {one.reason for one in plan.stays if one.why == "canary"}
        return waiting.pop() if waiting else ""

    new = adopted(survey, recent={"n0": (NOW - SLICE, NOW - SLICE)})
    old = adopted(survey, recent={"n0": (NOW - 3 * SLICE, NOW - SLICE)})
    assert reason(new) == "canaries have been written for 1 window, 2 are required"
    assert reason(old) == ""
    assert reason(old, short=2) == "canaries had a shortfall in 20.0 % of 10 windows"
    assert reason(old, windows=0) == "no window of a canary was settled yet"
    stopped = replace(old, stops={("uuid-n0", "VCPU"): "somebody wrote"})
    assert reason(stopped) == "canary n0 has stopped"
    without = planned(told, survey, rules, old)
    assert {one.reason for one in without.stays} == {
        "there is no ledger that shows how canaries did"
    }


def test_only_nodes_and_classes_that_were_asked_for_are_written() -> None:
    told, survey = fleet(2)
    plan = planned(told, survey, replace(ALL, nodes=("n1",)))
    assert (list(after(plan)), why(plan)) == (["n1"], {"n0": "not asked"})
    plan = planned(told, survey, replace(ALL, kinds=("MEMORY_MB",)))
    assert not plan.changes


def test_room_is_told_for_the_largest_vm_and_for_evacuating_the_largest_node() -> None:
    told = status(
        node("a", resource(64, 48, 0), vms=1), node("b", resource(64, 0, 64.0), vms=0), at=NOW
    )
    survey = Survey([provider("a", 2.0, used=48), provider("b", 0.5)])
    plan = planned(told, survey)
    assert (plan.before.evacuated, plan.before.vms) == ("a", 1)
    assert (plan.before.places, plan.before.moved) == (1, 0)  # a itself has room for 80 more
    assert after(plan) == {"a": 0.75, "b": 1.0}
    assert (plan.after.places, plan.after.moved) == (1, 1)
    assert plan.after.room["VCPU"] == 64


def test_rules_that_make_no_sense_are_told_at_once() -> None:
    with pytest.raises(MisuseError, match=r"dead-band -1 .*; step 0 .*; class PCPU cannot"):
        Rules(dead_band=-1, step=0, kinds=("PCPU",))
    with pytest.raises(MisuseError, match="VCPU: ratios from 3 to 2"):
        Rules(bounds={"VCPU": RatioBounds(low=3, high=2)})
