"""What the page of Placement shows."""

from dataclasses import replace

from hosts import adopted, provider
from offered import node, resource, status
from scroogevm.openstack.journal import Write
from scroogevm.openstack.plan import make_plan
from scroogevm.openstack.records import Survey
from scroogevm.openstack.rules import Rules
from scroogevm.openstack.view import view_of

NOW = 1_000_000.0
RULES = Rules(share=1.0, kinds=("VCPU",), step=10.0)


def test_placement_stands_beside_the_offer_and_the_plan_says_what_was_done() -> None:
    told = status(
        node("a", resource(free=80.0), vms=0), node("b", resource(free=64.0), vms=0), at=NOW
    )
    survey = Survey([provider("a"), provider("b")])
    plan = make_plan(told, survey, adopted(survey), RULES, now=NOW)
    waiting = view_of("apply", plan, told, [])
    assert (waiting.changes, waiting.stays) == (1, {"unchanged": 1})
    first, second = waiting.rows
    assert (first.node, first.total, first.ratio, first.after, first.plan) == (
        "a", 64, 1.0, 1.25, "change",
    )  # fmt: skip
    assert (first.free, first.room) == (80.0, 64)
    assert (second.node, second.ratio, second.plan) == ("b", 1.0, "unchanged")
    (change,) = plan.changes
    record = survey.providers[0].records()
    sent = Write(
        1, NOW + 1, change.uuid, "a", "a", "offer", change.reason, record,
        {"VCPU": {**record["VCPU"], "allocation_ratio": 1.25}},
    )  # fmt: skip
    open_ = view_of("apply", plan, told, [sent])
    assert (open_.changes, open_.writes[0].outcome) == (1, "open")
    assert open_.writes[0].ratios == {"VCPU": (1.0, 1.25)}
    done = view_of("apply", plan, told, [sent._replace(answer="written")])
    assert done.changes == 0
    assert (done.rows[0].plan, done.rows[0].ratio, done.rows[0].room) == ("written", 1.25, 80)
    older = view_of("apply", plan, replace(told, computed_at=NOW + 2), [sent])
    assert older.rows[0].plan == "change"


def test_before_the_first_plan_there_is_nothing() -> None:
    view = view_of("plan", None, None, [])
    assert (view.window, view.rows, view.changes) == (None, [], 0)
