"""What each refusal, rule and mode says of a case of its own, and what holds of all of them."""

from collections.abc import Mapping
from inspect import cleandoc
from typing import Any

import numpy as np
import pytest

from balloon.nodes import node
from scroogevm.balloon.decision import decide
from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.mode import MODES
from scroogevm.balloon.policy import Policy
from scroogevm.balloon.refusal import REFUSALS
from scroogevm.balloon.rule import RULES
from scroogevm.errors import MisuseError
from scroogevm.registry import Family, parameters

NAN = np.nan
ASKED: dict[str, Any] = {"actual": 3000.0, "asked": 3000.0, "since": 100.0}
"""A guest from which 1096 MiB were taken."""

REFUSED: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "unsized": ({"actual": NAN}, "Its size or its maximum is not known."),
    "no-device": ({"device": False}, "It has no balloon device in its definition."),
    "not-running": (
        {"running": False}, "It does not run, so it would follow a request only later."
    ),
    "migrating": ({"migrating": True}, "It is being migrated, saved, restored or dumped."),
    "resized": (
        {"taken": True, "asked": 3500.0, "actual": 3000.0},
        "Somebody else resized it: this program requested 3500 MiB, it has 3000 MiB.",
    ),
    "locked": ({"locked": True}, "Its memory is locked, so the host would gain nothing."),
    "hugepages": (
        {"hugepages": True}, "Its memory is in huge pages, so the host would gain nothing."
    ),
    "passthrough": (
        {"passthrough": True},
        "A device of the host is passed through to it (VFIO), so its memory is pinned.",
    ),
    "just-booted": ({"up": 60.0}, "It was started 60 s ago (needed: 5 min)."),
    "no-period": (
        {"period": 0.0}, "Its statistics are never refreshed, because no statistics period is set."
    ),
    "stale": ({"age": 31.0}, "Its statistics are 31 s old (limit 30 s)."),
    "untold": ({"usable": NAN}, "No value is known for memory that its guest can free (usable)."),
    "unfamiliar": ({"looked": 60.0}, "Its guest was watched for 60 s (needed: 5 min)."),
    "ignoring": ({"ignored": 3}, "Its balloon did not follow 3 requests in a row (limit 3)."),
}  # fmt: skip
"""A case of each refusal, and what it says."""

RELEASED: Mapping[str, tuple[Mapping[str, Any], str]] = {
    "swapping": ({"swap_in": 2.0}, "It reads 2 MiB/s back from its swap (limit 0.1 MiB/s)."),
    "faulting": ({"faults": 300.0}, "It has 300 major page faults a second (limit 200)."),
    "stalling": ({"pressure": 0.25}, "Its tasks wait for memory 25 % of the time (limit 10 %)."),
    "starving": ({"usable": 100.0}, "It has 100 MiB left to use (limit 200 MiB)."),
}
"""The same of each release."""

LIMITS: Mapping[str, tuple[Mapping[str, Any], float]] = {
    "minimum": ({"minimum": 2000.0}, 2000.0),
    "in-use": ({"usable": 2000.0}, 2000 * 1.1 + 96),
    "need": ({"need": 2000.0}, 2000 + 96.0),
    "step": ({}, 4096 * 0.95),
    "cooldown": ({"calm": 599.0}, 4096.0),
}
"""A case of each rule that says a least size, and which."""

HOST: Mapping[str, tuple[Mapping[str, float], str]] = {
    "stall": ({"some": 0.2, "full": 0.01}, "some 20 % of the time (limit 10 %), all 1 %"),
    "swap": ({"swap_in": 3.0}, "The host reads 3 MiB/s back from swap (limit 1 MiB/s)."),
}
FAMILIES = {"refusal": REFUSALS, "rule": RULES, "mode": MODES}
every_plug_in = pytest.mark.parametrize(
    ("family", "name"),
    [(family, name) for family in FAMILIES.values() for name in family.names],
)


def said(facts: NodeFacts, policy: Policy) -> tuple[str, float, Mapping[str, str]]:
    """What is done to the first VM, its size, and the sentences."""
    targets = decide(facts, policy)
    reasons: dict[str, str] = {}
    for reason in targets.reasons[0]:
        reasons[reason.rule] = f"{reasons.get(reason.rule, '')} {reason.sentence}".strip()
    return targets.act[0], float(targets.size[0]), reasons


@every_plug_in
def test_every_plug_in_says_what_it_is_and_keeps_to_its_ranges(family: Family, name: str) -> None:
    plugin = family.load(name)
    assert plugin.formula
    assert cleandoc(plugin.__doc__ or "").split("\n", 1)[0].endswith(".")
    for item in parameters(plugin):
        assert item.meaning
        assert item.low is not None, "a parameter of memory or time has a least value"
        for value in (item.low - 1, *([] if item.high is None else [item.high + 1])):
            with pytest.raises(MisuseError):
                family.build(f"{name}:{item.name}={value:g}", "pressure")


def test_no_name_and_no_place_is_used_twice() -> None:
    names = [name for family in FAMILIES.values() for name in family.names]
    assert len(set(names)) == len(names)
    policy = Policy.of()
    for known in (policy.rules, policy.refusals):
        places = [each.place for each in known.values()]
        assert places == sorted(set(places))


def test_every_plug_in_has_a_case() -> None:
    assert set(REFUSED) == set(REFUSALS.names)
    others = {"slow-return", "dead-zone", "fair-order"}
    assert {*RELEASED, *LIMITS, *HOST} | others == set(RULES.names)


@pytest.mark.parametrize("mode", MODES.names)
def test_a_quiet_guest_is_shrunk_in_every_mode(mode: str) -> None:
    act, size, _ = said(node(), Policy.of(mode))
    assert act == "shrink"
    assert size < 4096


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_leaves_a_vm_alone_and_says_why(name: str) -> None:
    changed, sentence = REFUSED[name]
    act, size, reasons = said(node(**changed), Policy.of())
    assert (act, reasons[name]) == ("refuse", sentence)
    np.testing.assert_equal(size, changed.get("actual", 4096.0))


@pytest.mark.parametrize("name", [name for name in REFUSED if name not in ("unsized", "resized")])
def test_what_was_taken_is_given_back_at_once_unless_all_hands_are_off(name: str) -> None:
    act, size, reasons = said(node(**ASKED | dict(REFUSED[name][0])), Policy.of())
    untouched = Policy.of().refusals[name].hands_off
    assert (act, size) == (("refuse", 3000.0) if untouched else ("release", 4096.0))
    assert name in reasons


@pytest.mark.parametrize("name", RELEASED)
def test_a_guest_under_pressure_gets_everything_back_at_once(name: str) -> None:
    changed, sentence = RELEASED[name]
    act, size, reasons = said(node(**ASKED | dict(changed)), Policy.of())
    assert (act, size, reasons[name]) == ("release", 4096.0, sentence)
    act, size, reasons = said(node(**changed), Policy.of())
    assert (act, size, reasons[name]) == ("keep", 4096.0, sentence)


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_holds_and_says_so(name: str) -> None:
    changed, least = LIMITS[name]
    others = ["step:most=1"] if name != "step" else []
    policy = Policy.of(changed=[*others, "need:headroom=0", "dead-zone:share=0,least=0"])
    act, size, reasons = said(
        node(free=0.1, host={"total": 30_000.0, "available": 3000.0}, **changed), policy
    )
    assert size == pytest.approx(max(least, 4096 - 3750))
    assert name in reasons
    assert act == ("keep" if least == 4096 else "shrink")


@pytest.mark.parametrize("name", HOST)
def test_a_host_that_waits_for_memory_asks_though_much_is_free(name: str) -> None:
    changed, sentence = HOST[name]
    targets = decide(node(free=0.5, host=changed), Policy.of())
    assert targets.wanted == pytest.approx(0.02 * 10_240)
    assert targets.facts["room"] == 0
    assert sentence in dict(targets.reasons[0])[name]


def test_a_host_that_waits_a_little_gives_nothing_back() -> None:
    assert said(node(free=0.5, host={"some": 0.06}, **ASKED), Policy.of())[0] == "keep"


def test_memory_returns_slowly_and_no_further_than_the_upper_line() -> None:
    act, size, reasons = said(node(free=0.5, **ASKED), Policy.of())
    assert act == "grow"
    assert size == pytest.approx(3000 + 0.02 * 4096)
    assert "slow-return" in reasons
    assert said(node(free=0.255, **ASKED), Policy.of())[1] == pytest.approx(3000 + 0.005 * 10_240)
    assert said(node(free=0.24, **ASKED), Policy.of())[0] == "keep"
    assert said(node(free=0.251, **ASKED), Policy.of())[0] == "keep", "too little to be worth it"


def test_what_is_asked_brings_the_host_half_way_between_its_lines() -> None:
    assert decide(node(free=0.1), Policy.of()).wanted == pytest.approx(0.125 * 10_240)
    assert decide(node(free=0.2), Policy.of()).wanted == 0
    assert decide(node(free=0.2), Policy.of("proactive")).wanted == pytest.approx(0.1 * 10_240)


def test_whoever_has_most_to_spare_for_its_weight_gives_first() -> None:
    policy = Policy.of(changed=["step:most=1"])
    need = np.array([500.0, 1500.0, 2500.0])
    given = 4096 - decide(node(3, free=0.19, usable=4000 - need, need=need), policy).size
    assert given[0] > given[1] >= 0
    assert given[2] == 0
    alike: dict[str, Any] = {"usable": 3000.0, "need": 1000.0, "weight": np.array([1.0, 2.0, 1.0])}
    given = 4096 - decide(node(3, free=0.1, **alike), policy).size
    assert given[0] == given[2] > given[1]


def test_a_vm_whose_memory_the_host_does_not_hold_is_not_asked() -> None:
    given = 4096 - decide(node(2, rss=np.array([1000.0, 4200.0])), Policy.of()).size
    assert given[0] == 0
    assert given[1] > 0


def test_small_changes_are_made_by_fewer_vms() -> None:
    size = decide(node(20, host={"available": 20 * 10_240 * 0.2 - 1}), Policy.of()).size
    assert np.count_nonzero(size < 4096) == 20, "the way to the middle is long enough for all"
    little = Policy.of(changed=["pressure:fine=0.2"])
    size = decide(node(20, host={"available": 20 * 10_240 * 0.2 - 25}), little).size
    given = 4096 - size[size < 4096]
    assert given.sum() == pytest.approx(25)
    assert np.all(given >= 0.0025 * 4096)


def test_a_host_that_has_nothing_left_lets_guests_keep_what_they_use() -> None:
    policy = Policy.of(changed=["step:most=1"])
    known: dict[str, Any] = {"need": 3000.0, "usable": 3000.0, "calm": 100.0}
    assert said(node(free=0.1, **known), policy)[1] == 4096, "it rests"
    assert said(node(free=0.0, **known), policy)[1] == pytest.approx(4096 - 0.225 * 10_240)
    known["calm"] = 1000.0
    assert said(node(free=0.1, **known), policy)[1] == pytest.approx(1.2 * 3000 + 96)


def test_more_use_than_a_vm_has_room_for_is_given_whatever_the_host_has_left() -> None:
    act, size, reasons = said(
        node(free=0.0, **ASKED | {"available": 2904.0, "usable": 200.0}), Policy.of()
    )
    assert act == "grow"
    assert size == pytest.approx(2704 * 1.1 + 96)
    assert "in-use" in reasons


def test_a_request_that_is_on_its_way_counts_and_is_raised_where_more_is_needed() -> None:
    policy = Policy.of(changed=["step:most=1", "need:headroom=0"])
    waiting = node(2, asked=np.array([3500.0, NAN]))
    size = decide(waiting, policy).size
    assert (4096 - size).sum() == pytest.approx(0.125 * 20_480)
    calm = node(free=0.22, asked=3500.0)
    assert said(calm, policy)[:2] == ("shrink", 3500.0)
    act, raised, _ = said(node(free=0.22, asked=3500.0, usable=600.0), policy)
    assert act == "shrink"
    assert raised == pytest.approx(3400 * 1.1 + 96)
    assert said(node(free=0.22, asked=3500.0, usable=300.0), policy)[:2] == ("grow", 4096.0)


def test_the_predecessors_rule_shrinks_restores_and_rests() -> None:
    policy = Policy.of("predecessor")
    assert policy.percentile == 90
    assert policy.look_back == 3600
    act, size, reasons = said(node(free=0.9), policy)
    assert (act, size) == ("shrink", 1100 + 96)
    assert reasons["predecessor"] == (
        "The host holds 4200 MiB and the guest uses 1100 MiB: it is made small for 30 s."
    )
    small: dict[str, Any] = {
        "actual": 1196.0,
        "asked": 1196.0,
        "available": 1100.0,
        "usable": 100.0,
        "rss": 1300.0,
    }
    assert said(node(since=29.0, **small), policy)[:2] == ("keep", 1196.0)
    assert said(node(since=30.0, **small), policy)[:2] == ("grow", 4096.0)
    assert said(node(since=600.0), policy)[0] == "keep"
    assert said(node(since=601.0), policy)[0] == "shrink"
    assert said(node(rss=3148.0), policy)[0] == "keep"
    assert said(node(up=600.0), policy)[0] == "keep"
    assert said(node(need=100.0, usable=3900.0), policy)[1] == 512


def test_what_is_misspelt_or_left_out_is_refused() -> None:
    for changed in (["stepp"], ["step:much=1"], ["step", "step:most=0.1"], ["proactive"], ["x:"]):
        with pytest.raises(MisuseError):
            Policy.of("pressure", changed)
    with pytest.raises(MisuseError, match="did you mean 'pressure'"):
        Policy.of("presure")


def test_parameters_are_given_for_all_modes_or_for_one() -> None:
    for spec, most in (("step:most=0.1", 0.1), ("step:predecessor.most=0.1", 0.05)):
        policy = Policy.of("pressure", [spec])
        assert policy.rules["step"] == RULES.build(f"step:most={most}", "pressure")
    assert Policy.of("pressure", ["pressure:low=0.1"]).mode == MODES.build("pressure:low=0.1")
    assert (
        Policy.of("pressure", ["stale:limit=10"]).refusals["stale"] != Policy.of().refusals["stale"]
    )


def test_a_host_that_tells_nothing_asks_nothing_and_gives_nothing_back() -> None:
    act, size, reasons = said(node(host={"available": NAN}, **ASKED), Policy.of())
    assert (act, size) == ("keep", 3000.0)
    assert "does not report how much memory it has left" in str(reasons)


def test_a_node_without_vms_is_nothing_to_decide() -> None:
    targets = decide(node(0, host={"total": 1000.0, "available": 10.0}), Policy.of())
    assert targets.size.size == 0
    assert not targets.act
    assert not targets.reasons
