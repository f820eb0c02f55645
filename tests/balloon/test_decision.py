"""What holds of every decision, over random nodes."""

from dataclasses import fields
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from balloon.nodes import node, nodes, with_guests
from scroogevm.balloon.decision import decide
from scroogevm.balloon.facts import Guests, NodeFacts
from scroogevm.balloon.mode import MODES
from scroogevm.balloon.policy import Policy
from scroogevm.balloon.refusal import REFUSALS
from scroogevm.balloon.targets import Targets
from scroogevm.core.arrays import Bools, Floats

NEAR = 1e-6
POLICIES = {name: Policy.of(name) for name in MODES.names}
LEVELLED = ("pressure", "proactive")
every_mode = pytest.mark.parametrize("mode", POLICIES)
levelled = pytest.mark.parametrize("mode", LEVELLED)


def refused(facts: NodeFacts, mode: str) -> Bools:
    every = [each.where(facts) for each in POLICIES[mode].refusals.values()]
    return np.asarray(np.logical_or.reduce(every))


def floor(facts: NodeFacts, mode: str) -> Floats:
    every = [each.at_least(facts) for each in POLICIES[mode].floors.values()]
    known = [np.where(np.isnan(each), np.inf, each) for each in every]
    return np.asarray(np.maximum.reduce(known))


def shrunk(facts: NodeFacts, targets: Targets) -> Bools:
    return np.asarray(targets.size < facts.guests.actual - NEAR)


@every_mode
@given(facts=nodes())
def test_no_vm_is_shrunk_below_its_floor_or_minimum(mode: str, facts: NodeFacts) -> None:
    targets = decide(facts, POLICIES[mode])
    down = shrunk(facts, targets)
    assert np.all(targets.size[down] >= floor(facts, mode)[down] - NEAR)
    assert np.all(targets.size[down] >= facts.guests.minimum[down] - NEAR)


@every_mode
@given(facts=nodes())
def test_no_vm_is_grown_above_its_maximum_or_where_it_was_never_shrunk(
    mode: str, facts: NodeFacts
) -> None:
    targets = decide(facts, POLICIES[mode])
    up = targets.size > facts.guests.actual
    assert np.all(targets.size[up] <= facts.guests.maximum[up])
    assert np.all(np.isfinite(facts.guests.asked[up]))


@every_mode
@given(facts=nodes())
def test_no_vm_is_shrunk_by_more_than_a_step(mode: str, facts: NodeFacts) -> None:
    most = POLICIES[mode].rules["step"].most  # type: ignore[attr-defined]
    size = decide(facts, POLICIES[mode]).size
    known = np.isfinite(facts.guests.actual)
    least = facts.guests.actual * (1 - most)
    assert np.all(size[known] >= least[known] - NEAR)


@levelled
@given(facts=nodes())
def test_no_more_is_taken_than_the_host_asks(mode: str, facts: NodeFacts) -> None:
    guests = facts.guests
    targets = decide(facts, POLICIES[mode])
    standing = np.fmin(guests.actual, guests.asked)
    asked_before = np.nansum(np.where(targets.size < guests.actual, guests.actual - standing, 0.0))
    assert targets.facts["taken"] <= max(targets.wanted, asked_before) + NEAR


@levelled
@given(facts=nodes(refused=False))
def test_no_more_is_given_than_there_is_room_but_for_what_is_needed(
    mode: str, facts: NodeFacts
) -> None:
    guests = facts.guests
    targets = decide(facts, POLICIES[mode])
    standing = np.fmax(guests.actual, guests.asked)
    needed = np.maximum(standing, np.minimum(floor(facts, mode), guests.maximum))
    more = np.where(np.array(targets.act) == "grow", targets.size - needed, 0.0)
    assert np.maximum(0.0, more).sum() <= targets.facts["room"] + NEAR


@every_mode
@given(facts=nodes())
def test_refused_vms_stay_or_get_everything_back(mode: str, facts: NodeFacts) -> None:
    targets = decide(facts, POLICIES[mode])
    kept = np.array(targets.act) == "refuse"
    back = np.array(targets.act) == "release"
    where = refused(facts, mode)
    assert np.all(kept[where] | back[where])
    assert not kept[~where].any()
    np.testing.assert_array_equal(targets.size[kept], facts.guests.actual[kept])
    assert np.all(targets.size[back] >= facts.guests.actual[back])


@every_mode
@given(facts=nodes(missing=False), more=st.floats(0, 4000))
def test_more_need_never_gives_a_smaller_size(mode: str, facts: NodeFacts, more: float) -> None:
    guests = facts.guests
    one = np.arange(guests.count) == 0
    before = decide(facts, POLICIES[mode]).size[0]
    for changed in (
        {"need": guests.need + np.where(one, more, 0.0)},
        {"usable": guests.usable - np.where(one, more, 0.0)},
        {"minimum": guests.minimum + np.where(one, more, 0.0)},
        {"swap_in": guests.swap_in + np.where(one, more, 0.0)},
        {"faults": guests.faults + np.where(one, more, 0.0)},
    ):
        if mode == "predecessor" and "need" in changed:
            continue  # it acts on the use itself: rss - p90
        after = decide(with_guests(facts, **changed), POLICIES[mode]).size[0]
        assert after >= before - NEAR


OPTIONAL = ("pressure", "unused", "asked", "since")
"""Told by few, judged by nobody, or missing where nothing was asked."""
TOLD = [
    item.name
    for item in fields(Guests)
    if item.name not in ("uuid", "name", "ignored", *OPTIONAL)
    and isinstance(getattr(node().guests, item.name)[0], np.float64)
]


@every_mode
@pytest.mark.parametrize("name", TOLD)
@given(facts=nodes(missing=False))
def test_a_vm_of_which_something_is_missing_is_not_shrunk(
    mode: str, name: str, facts: NodeFacts
) -> None:
    changed: dict[str, Any] = {name: getattr(facts.guests, name).copy()}
    changed[name][0] = np.nan
    less = with_guests(facts, **changed)
    assert not shrunk(less, decide(less, POLICIES[mode]))[0]


@every_mode
@given(facts=nodes(refused=False))
def test_the_same_input_settles(mode: str, facts: NodeFacts) -> None:
    """Sizes go one way, and come to rest: the host and the guests say the same all the time."""
    if mode == "predecessor":
        return  # it shrinks and restores: tests of its own
    sizes = [facts.guests.actual]
    for _ in range(8):
        targets = decide(facts, POLICIES[mode])
        change = targets.size - facts.guests.actual
        asked = np.where(np.array(targets.act) == "keep", facts.guests.asked, targets.size)
        facts = with_guests(
            facts,
            actual=targets.size,
            asked=asked,
            available=facts.guests.available + change,
            usable=facts.guests.usable + change,
        )
        sizes.append(targets.size)
    moves = np.diff(np.array(sizes[1:]), axis=0)
    assert not np.any((moves > NEAR).any(axis=0) & (moves < -NEAR).any(axis=0))


@every_mode
@given(facts=nodes())
@settings(max_examples=50)
def test_every_vm_has_a_reason_and_every_reason_is_a_sentence(mode: str, facts: NodeFacts) -> None:
    targets = decide(facts, POLICIES[mode])
    known = {mode, *POLICIES[mode].rules, *REFUSALS.names}
    for reasons in targets.reasons:
        assert reasons
        for reason in reasons:
            assert reason.rule in known
            assert reason.sentence.endswith(".")
            assert "nan" not in reason.sentence
