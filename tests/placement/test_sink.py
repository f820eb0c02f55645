"""Placement as a sink of the service: planned or written, and watched in between."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from offered import node, resource, status
from openstacks import Cloud
from operators import Operator
from scroogevm.offers.status import Status
from scroogevm.openstack.client import connect
from scroogevm.openstack.rollback import SETTLE
from scroogevm.openstack.rules import Policy, Rules
from scroogevm.openstack.sink import PLAN, Mode, PlacementPlace, PlacementSink
from scroogevm.openstack.writer import WritePace
from scroogevm.sinks.sink import SinkThread
from scroogevm.statusfile import to_json
from servers import wait

RULES = Rules(share=1.0, rate=1e5, step=10.0)


class Shifted:
    """A clock that can be put ahead."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def now(self) -> float:
        return time.time() + self.ahead


@contextmanager
def sink(
    operator: Operator, mode: Mode, rules: Rules = RULES, period: float = 3600.0
) -> Iterator[tuple[PlacementSink, list[str]]]:
    said: list[str] = []
    place = PlacementPlace(lambda: connect(None), operator.data, rules, mode, period)
    made = PlacementSink(place, said.append)
    yield made, said
    made.close()


def told(*names: str, free: float = 80.0, valid_until: float = 1e12) -> Status:
    return status(
        *(node(name, resource(free=free), vms=0, valid_until=valid_until) for name in names)
    )


@pytest.fixture
def operator(cloud: Cloud, tmp_path: Path) -> Operator:
    for name in "ab":
        cloud.host(name)
    made = Operator(tmp_path)
    made.tell(told("a", "b"))
    return made


def test_a_planning_sink_writes_nothing(cloud: Cloud, operator: Operator) -> None:
    before = cloud.whole()
    with sink(operator, "plan") as (one, said):
        one.publish(told("a", "b"))
        assert one.plan is not None
        assert [change.after for change in one.plan.changes] == [1.25, 1.25]
    assert cloud.whole() == before
    assert said == []
    kept = json.loads((operator.data / PLAN).read_text("utf-8"))
    assert [change["node"] for change in kept["changes"]] == ["a", "b"]


def test_a_writing_sink_writes_and_sees_within_a_period_who_overwrites(
    cloud: Cloud, operator: Operator
) -> None:
    operator.type("adopt")
    with sink(operator, "apply", period=0.05) as (one, said):
        one.publish(told("a", "b"))
        assert (cloud.ratio("a"), cloud.ratio("b")) == (1.25, 1.25)
        cloud.place("b", 4)  # which moves a generation, and no ratio
        cloud.change("a", "VCPU", allocation_ratio=16.0)
        wait(lambda: one.reverted, "the watch")
        assert said[-1] == (
            "placement: a has stopped: VCPU: 1.25 was written, and somebody else wrote 16"
        )
        one.publish(told("a", "b", free=90.0))
        assert (cloud.ratio("a"), cloud.ratio("b")) == (16.0, 1.4)
        assert one.numbers == {
            "planned": 1,
            "written": 3,
            "refused": 0,
            "put_back": 0,
            "reverted": 1,
        }


def test_a_ratio_that_is_put_back_is_written_again_and_stops_its_node_the_second_time(
    cloud: Cloud, operator: Operator
) -> None:
    operator.type("adopt")
    with sink(operator, "apply") as (one, said):
        one.publish(told("a", "b"))
        one.publish(told("a", "b", free=70.0))
        assert cloud.ratio("a") == 1.09
        cloud.change("a", "VCPU", allocation_ratio=1.25)
        found = operator.json("doctor")["nodes"]
        assert [(each["node"], each["verdict"]) for each in found] == [
            ("a", "with care"),
            ("b", "ready"),
        ]
        one.look()
        assert said[-2] == (
            "placement: a is written again: VCPU: 1.09 was written, and is 1.25 again as before"
        )
        assert cloud.ratio("a") == 1.09
        cloud.change("a", "VCPU", allocation_ratio=1.25)
        one.look()
        assert said[-1] == (
            "placement: a has stopped: VCPU: 1.09 was written, and somebody else wrote 1.25"
        )
        assert cloud.ratio("a") == 1.25
        assert (one.put_back, one.reverted) == (1, 1)
    operator.type("rollback", "--node", "a")
    assert cloud.ratio("a") == 1.0


def test_a_rollback_that_is_put_back_is_written_again(
    cloud: Cloud, operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.type("adopt")
    operator.type("apply")
    left = ["a", "a", "b"]

    def sleep(seconds: float) -> None:
        if left and seconds == SETTLE:
            cloud.change(left.pop(), "VCPU", allocation_ratio=1.25)

    monkeypatch.setattr("scroogevm.openstack.rollback.SETTLE", SETTLE)
    monkeypatch.setattr("scroogevm.openstack.writer.time", SimpleNamespace(sleep=sleep))
    operator.type("rollback")
    assert {cloud.ratio(name) for name in "ab"} == {1.0}
    assert not left


def test_a_sink_goes_on_when_placement_is_back(cloud: Cloud, operator: Operator) -> None:
    operator.type("adopt")
    said: list[str] = []
    place = PlacementPlace(lambda: connect(None), operator.data, RULES, "apply")
    thread = SinkThread(PlacementSink(place, said.append), said.append)
    cloud.placement.stop()
    thread.put(told("a", "b"), "")
    wait(lambda: thread.state.trouble, "the failure")
    cloud.placement.start()
    wait(lambda: thread.state.window is not None, "the sink")
    thread.close()
    assert (cloud.ratio("a"), cloud.ratio("b")) == (1.25, 1.25)
    assert said[-1] == "placement works again"


@pytest.mark.parametrize(("policy", "ratio"), [("keep", 1.25), ("start", 1.0), ("close", 1e-2)])
def test_when_offers_expire_and_when_it_ends_the_policy_decides(
    cloud: Cloud, operator: Operator, policy: Policy, ratio: float
) -> None:
    operator.type("adopt")
    rules = replace(RULES, stopped=policy)
    with sink(operator, "apply", rules) as (one, _):
        one.publish(told("a", "b"))
        assert cloud.ratio("a") == 1.25
    assert cloud.ratio("a") == pytest.approx(ratio, abs=1e-2)
    assert bool(cloud.candidates(1)) == (policy != "close")
    clock = Shifted()
    place = PlacementPlace(
        lambda: connect(None), operator.data, replace(rules, skew=3600.0), "apply"
    )
    other = PlacementSink(place, print, pace=WritePace(clock.now, lambda _: True))
    other.publish(told("a", "b", free=100.0, valid_until=time.time() + 600))
    assert cloud.ratio("a") == 1.56
    clock.ahead = 601.0
    other.look()
    after = cloud.ratio("a")
    assert after == pytest.approx(1.56 if policy == "keep" else ratio, abs=1e-2)
    other.look()  # once is enough
    other.close()
    assert cloud.ratio("a") == after


def test_what_is_sent_is_what_the_status_file_has(cloud: Cloud, operator: Operator) -> None:
    operator.type("adopt")
    with sink(operator, "apply") as (one, _):
        content = told("a")
        one.send(content, to_json(content))
    assert cloud.ratio("a") == 1.25
    assert cloud.ratio("b") == 1.0
