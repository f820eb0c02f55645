"""What holds of every guard and of all of them together, over random facts."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from offers.facts import facts, proposed, quiet
from scroogevm.core.arrays import Floats
from scroogevm.errors import MisuseError
from scroogevm.offers.chain import Chain
from scroogevm.offers.facts import SIGNALS, Facts
from scroogevm.offers.guard import GUARDS
from scroogevm.offers.offer import STATES, Offer

RESOURCES = ("cpu", "mem")
ORDER = (
    "hold", "lost", "fresh", "covered", "warm", "contention", "locked", "reserve", "bounds",
    "step", "dead-band",
)  # fmt: skip


def chain(resource: str) -> Chain:
    return Chain.of(resource, ["reserve:on=true"])


def free(facts: Facts, resource: str) -> Floats:
    return chain(resource).limit(proposed(facts), facts).free


def test_guards_are_tried_in_the_declared_order() -> None:
    assert tuple(chain("cpu").guards) == ORDER
    places = [guard.place for guard in chain("cpu").guards.values()]
    assert len(set(places)) == len(places)


@pytest.mark.parametrize("name", GUARDS.names)
@given(facts=facts(), raised=st.floats(0, 200))
def test_no_guard_raises_an_offer(name: str, facts: Facts, raised: float) -> None:
    alone = Chain({name: chain("cpu").guards[name]})
    offer = proposed(facts)
    offer = replace(offer, free=np.minimum(offer.free, raised))
    after = alone.limit(offer, facts)
    assert np.all(after.free <= offer.free)
    assert np.all(after.free >= 0)
    assert not np.any(after.demand < offer.demand)
    again = alone.limit(after, facts)
    assert np.array_equal(again.free, after.free)


@pytest.mark.parametrize("resource", RESOURCES)
@given(data=st.data())
def test_the_chain_is_idempotent(resource: str, data: st.DataObject) -> None:
    known = data.draw(facts(resource))
    once = chain(resource).limit(proposed(known), known)
    twice = chain(resource).limit(replace(once, changes=()), known)
    assert np.array_equal(once.free, twice.free)
    assert np.array_equal(once.demand, twice.demand, equal_nan=True)


WORSE: dict[str, Callable[[Facts, Floats], Facts]] = {
    "usage": lambda f, by: replace(f, estimated=f.estimated + 100 * by),
    "samples": lambda f, by: replace(f, coverage=f.coverage - by),
    "samples before": lambda f, by: replace(f, coverage_before=f.coverage_before - by),
    "windows": lambda f, by: replace(f, windows=f.windows - (by > 0.5)),
    "age": lambda f, by: replace(f, age=f.age + 300 * by),
    "age of the list": lambda f, by: replace(f, list_age=f.list_age + 300 * by),
    "locked": lambda f, by: replace(f, locked=f.locked + 30 * by),
    "cold": lambda f, by: replace(f, cold=f.cold | (by > 0.5)),
    "told": lambda f, by: replace(f, told={n: each | (by > 0.5) for n, each in f.told.items()}),
    "contention": lambda f, by: replace(
        f, signals={name: each + by for name, each in f.signals.items()}
    ),
}


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("what", WORSE)
@given(data=st.data())
def test_worse_facts_never_give_more(resource: str, what: str, data: st.DataObject) -> None:
    known = data.draw(facts(resource))
    by = np.array([data.draw(st.floats(0, 1)) for _ in range(known.nodes)])
    assert np.all(free(WORSE[what](known, by), resource) <= free(known, resource))


MISSING = (
    "capacity", "allocated", "estimated", "age", "list_age", "coverage", "coverage_before",
    "before", "allocated_before", "locked",
)  # fmt: skip


@pytest.mark.parametrize("resource", RESOURCES)
@pytest.mark.parametrize("name", MISSING)
@given(data=st.data())
def test_a_missing_fact_never_gives_more(resource: str, name: str, data: st.DataObject) -> None:
    known = data.draw(facts(resource, missing=False))
    lost = np.array([data.draw(st.booleans()) for _ in range(known.nodes)])
    changed: dict[str, Any] = {name: np.where(lost, np.nan, getattr(known, name))}
    less = replace(known, **changed)
    assert np.all(free(less, resource) <= free(known, resource))


@pytest.mark.parametrize("resource", RESOURCES)
@given(data=st.data())
def test_a_signal_that_a_node_stops_telling_never_gives_more(
    resource: str, data: st.DataObject
) -> None:
    known = data.draw(facts(resource, missing=False))
    name = data.draw(st.sampled_from(list(SIGNALS[resource])))
    told = {**known.told, name: np.ones(known.nodes, np.bool_)}
    silent = {**known.signals, name: np.full(known.nodes, np.nan)}
    before = free(replace(known, told=told), resource)
    assert np.all(free(replace(known, told=told, signals=silent), resource) <= before)


@given(known=facts())
def test_every_reason_is_a_sentence_and_the_last_one_decided(known: Facts) -> None:
    guards = chain("cpu")
    offer = guards.limit(proposed(known), known)
    for node in range(known.nodes):
        reasons = guards.reasons(offer, known, node)
        for reason in reasons:
            assert reason.sentence.endswith(".")
            assert "nan" not in reason.sentence.replace("an unknown", "")
            assert reason.free_to <= reason.free_from
        assert not reasons or reasons[-1].free_to == offer.free[node]
        assert reasons or offer.free[node] == proposed(known).free[node]


def test_a_quiet_node_is_offered_what_its_demand_leaves() -> None:
    known = quiet()
    offer = chain("cpu").limit(proposed(known), known)
    assert not Chain.of("cpu").limit(proposed(known), known).changes
    assert offer.free.tolist() == [0.0], "it is alone, and room for a node that fails is wanted"


def test_nodes_do_not_depend_on_others_where_no_room_is_kept() -> None:
    many = quiet(3, age=np.array([5.0, 400.0, 100.0]))
    guards = Chain.of("cpu")
    together = guards.limit(proposed(many), many)
    assert [STATES[state] for state in together.state] == ["ok", "withdrawn", "fallback"]
    for node in range(3):
        alone = many.moved(np.array([node]))
        assert guards.limit(proposed(alone), alone).free == together.free[node]


def test_what_is_misspelt_is_refused() -> None:
    for changed, off in ((["stepp"], []), (["step:much=1"], []), (["step", "step"], []), ([], "x")):
        with pytest.raises(MisuseError):
            Chain.of("cpu", changed, off)


def test_a_guard_can_be_left_out() -> None:
    assert "step" not in Chain.of("cpu", off=["step"]).guards


def test_ten_thousand_nodes_keep_codes_and_no_sentences() -> None:
    many = quiet(10_000, before=np.zeros(10_000))
    offer = Offer.of(many.capacity, many.allocated, many.estimated)
    offer = Chain.of("cpu").limit(offer, many)
    (change,) = offer.changes
    assert change.node.size == 10_000
    assert isinstance(change.case, str)
