"""What every strategy of the registry keeps to: parametrised over it, so a new file is tested."""

import doctest
import pickle
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import (
    NAN,
    demands,
    engine_of,
    occurrences_of,
    random_windows,
    scaled,
    some_nodes,
    steps,
    strategy_of,
    window_of,
)
from scroogevm.core.state import State
from scroogevm.core.window import Occurrence, Window
from scroogevm.errors import SpecError
from scroogevm.ports import CPU, MEM, RESOURCES, STRATEGIES, Step, Strategy
from scroogevm.registry import Parameter, parameters

every_strategy = pytest.mark.parametrize("name", STRATEGIES.names)

UNSCALED: Mapping[str, str] = {
    "doa": "its steps are rounded to whole units, as the predecessor's are",
    "greedy": "it rounds the previous mean up to a tenth of a unit, as the predecessor's does",
}
"""Strategies whose demand does not scale with its unit, and the reason."""

POOLED: Mapping[str, str] = {
    "calibrated": "it learns from all nodes together; tests/strategies/test_calibrated.py",
    "learned": "likewise; tests/strategies/test_learned.py",
}
"""Strategies whose nodes are not alone, and where the same is shown of them."""
each_for_itself = pytest.mark.parametrize("name", [n for n in STRATEGIES.names if n not in POOLED])


def ran(name: str, windows: Sequence[Window], *, slices: int = 1) -> list[Step]:
    return steps(engine_of(name, slices=slices), occurrences_of(windows, slices=slices))[1]


def same(ours: Sequence[Step], theirs: Sequence[Step], name: str) -> None:
    """The same demands and memos, bit by bit."""
    for one, other in zip(ours, theirs, strict=True):
        for resource in RESOURCES:
            a, b = one.estimates[resource][name], other.estimates[resource][name]
            np.testing.assert_array_equal(a.demand, b.demand)
            assert a.memo.keys() == b.memo.keys()
            for key in a.memo:
                np.testing.assert_array_equal(a.memo[key], b.memo[key])


@every_strategy
def test_answers_one_float_a_node_and_memos_likewise(name: str) -> None:
    for step in ran(name, random_windows(nodes=3)):
        for resource in RESOURCES:
            answer = step.estimates[resource][name]
            for array in (answer.demand, *answer.memo.values()):
                assert isinstance(array, np.ndarray)
                assert array.dtype == np.float64
                assert array.shape == (3,)


@each_for_itself
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.3]))
def test_a_node_gets_the_same_number_alone_as_in_company(
    name: str, seed: int, missing: float
) -> None:
    windows = random_windows(seed, count=6, missing=missing)
    together = ran(name, windows)
    for node in range(3):
        alone = ran(name, [some_nodes(window, [node]) for window in windows])
        for whole, single in zip(together, alone, strict=True):
            a, b = whole.estimates[CPU][name], single.estimates[CPU][name]
            np.testing.assert_allclose(b.demand[0], a.demand[node], rtol=1e-12)
            for key, array in a.memo.items():
                np.testing.assert_allclose(b.memo[key][0], array[node], rtol=1e-9, atol=1e-12)


@every_strategy
def test_the_order_of_nodes_does_not_matter(name: str) -> None:
    windows, order = random_windows(5, missing=0.1), [2, 0, 1]
    straight = demands(ran(name, windows), name)
    shuffled = demands(ran(name, [some_nodes(window, order) for window in windows]), name)
    np.testing.assert_allclose(shuffled, straight[:, order], rtol=1e-12)


@every_strategy
def test_no_node_at_all_is_no_trouble(name: str) -> None:
    windows = [some_nodes(window, []) for window in random_windows(count=6)]
    assert demands(ran(name, windows), name).shape == (6, 0)


@every_strategy
def test_a_node_without_vms_is_no_trouble(name: str) -> None:
    windows = [window_of([[1.0, 2.0, 1.5]], capacity=8.0) for _ in range(6)]
    assert np.isfinite(demands(ran(name, windows), name)).all()


@every_strategy
def test_the_same_windows_give_the_same_answers_and_stay_as_they_were(name: str) -> None:
    windows = random_windows(1, missing=0.1)
    before = pickle.dumps([contents(window) for window in windows])
    first = ran(name, windows)
    assert pickle.dumps([contents(window) for window in windows]) == before
    same(ran(name, windows), first, name)
    same(ran(name, random_windows(1, missing=0.1)), first, name)


def contents(window: Window) -> list[Any]:
    """The fields of a window, without what it computed of them."""
    own = [getattr(window, item.name) for item in fields(window) if item.name != "vms"]
    return own + [getattr(window.vms, item.name) for item in fields(window.vms)]


@each_for_itself
def test_windows_and_memos_may_be_read_only(name: str) -> None:
    windows = random_windows(2)
    for window in windows:
        for array in contents(window):
            if isinstance(array, np.ndarray):
                array.flags.writeable = False
    engine, state = engine_of(name), State()
    for number, occurrence in enumerate(occurrences := occurrences_of(windows)):
        state, _ = engine.step(state, occurrence, occurrences[number + 1 :])
        for memo in state.memos.values():
            for array in memo.values():
                array.flags.writeable = False


@pytest.mark.parametrize("name", [name for name in STRATEGIES.names if name not in UNSCALED])
@pytest.mark.parametrize("factor", [1 / 1024, 64.0])
def test_another_unit_gives_the_same_demand_in_that_unit(name: str, factor: float) -> None:
    blind = strategy_of(name, inner=("n-sigma", "rc-like"))
    engine = replace(engine_of(), strategies={CPU: {name: blind}})
    windows = random_windows(3, missing=0.05)
    plain = demands(steps(engine, occurrences_of(windows))[1], name)
    other = demands(steps(engine, occurrences_of([scaled(w, factor) for w in windows]))[1], name)
    np.testing.assert_allclose(other, factor * plain, rtol=1e-12)


@every_strategy
@pytest.mark.parametrize("missing", [0.1, 0.8, 0.99])
def test_the_engine_never_answers_nan_or_infinity(name: str, missing: float) -> None:
    done = ran(name, random_windows(6, missing=missing, churn=0.5))
    for resource in RESOURCES:
        assert np.isfinite(demands(done, name, resource)).all()


def without_samples(window: Window, node: int) -> Window:
    """The window, in which a node and the VMs on it gave no sample."""
    usage, vm_usage = window.usage.copy(), window.vms.usage.copy()
    usage[node] = NAN
    vm_usage[window.vms.node == node] = NAN
    return replace(window, usage=usage, vms=replace(window.vms, usage=vm_usage))


@each_for_itself
def test_missing_samples_of_a_node_touch_no_other_node(name: str) -> None:
    windows = random_windows(7)
    whole = demands(ran(name, windows), name)
    torn = demands(ran(name, [without_samples(window, 1) for window in windows]), name)
    np.testing.assert_allclose(torn[:, [0, 2]], whole[:, [0, 2]], rtol=1e-12)
    allocated = np.array([window.allocated[1] for window in windows])
    np.testing.assert_array_equal(torn[:, 1], allocated)


@every_strategy
def test_a_node_without_samples_counts_at_its_allocation_and_keeps_its_memo(name: str) -> None:
    windows = random_windows(8)
    windows[5] = without_samples(windows[5], 1)
    done = ran(name, windows)
    before, silent = (done[i].estimates[CPU][name] for i in (4, 5))
    assert silent.demand[1] == windows[5].allocated[1]
    assert done[5].measured[CPU].tolist() == [True, False, True]
    for key, array in before.memo.items():
        np.testing.assert_array_equal(silent.memo[key][1], array[1])


@every_strategy
def test_a_node_without_samples_at_first_begins_when_they_come(name: str) -> None:
    windows = random_windows(9)
    late = [without_samples(windows[0], 1), *windows[1:]]
    first = {k: v[1] for k, v in ran(name, late)[0].estimates[CPU][name].memo.items()}
    assert np.isnan(list(first.values())).all()
    assert np.isfinite(demands(ran(name, late), name)).all()


@each_for_itself
@pytest.mark.parametrize("slices", [1, 2])
@pytest.mark.parametrize("stop", [1, 3, 6])
def test_a_run_resumed_from_its_state_equals_one_that_was_never_stopped(
    name: str, slices: int, stop: int
) -> None:
    occurrences = occurrences_of(random_windows(10, missing=0.1), slices=slices)
    engine = engine_of(name, slices=slices)
    whole = steps(engine, occurrences)[1]
    state, resumed = State(), list[Step]()
    for number, occurrence in enumerate(occurrences):
        if number == stop:
            state = pickle.loads(pickle.dumps(state))  # noqa: S301  # our own bytes
        state, step = engine.step(state, occurrence, occurrences[number + 1 :])
        resumed.append(step)
    same(resumed, whole, name)


@each_for_itself
def test_an_old_state_is_not_changed_by_going_on_from_it(name: str) -> None:
    occurrences = occurrences_of(random_windows(11))
    engine = engine_of(name)
    state, _ = steps(engine, occurrences[:4])
    rest = occurrences[4:]
    same(again(name, state, rest), again(name, state, rest), name)


def again(name: str, state: State, occurrences: Sequence[Occurrence]) -> list[Step]:
    return steps(engine_of(name), occurrences, state)[1]


@each_for_itself
def test_only_strategies_that_look_ahead_depend_on_the_future(name: str) -> None:
    occurrences = occurrences_of(random_windows(12))
    engine = engine_of(name)
    known = demands(steps(engine, occurrences)[1], name)
    state, blind = State(), []
    for occurrence in occurrences:
        state, step = engine.step(state, occurrence)
        blind.append(step.estimates[CPU][name].demand)
    assert strategy_of(name).looks_ahead == (not np.array_equal(known, np.array(blind)))


@every_strategy
def test_its_class_says_formula_source_and_shows_an_example(name: str) -> None:
    plugin = STRATEGIES.load(name)
    assert plugin.formula
    assert "\n" not in plugin.formula
    assert plugin.source
    examples = doctest.DocTestFinder(recurse=False).find(plugin, name)
    assert examples[0].examples, "the docstring shows no example"


@every_strategy
def test_every_parameter_says_what_it_means(name: str) -> None:
    for item in parameters(STRATEGIES.load(name)):
        assert item.meaning, item.name
        assert item.nested or item.kind in ("float", "int", "bool", "str"), item.name


NUMBERS = [
    pytest.param(name, item, id=f"{name}-{item.name}")
    for name in STRATEGIES.names
    for item in parameters(STRATEGIES.load(name))
    if item.kind in ("float", "int")
]


@pytest.mark.parametrize(("name", "item"), NUMBERS)
def test_every_number_refuses_what_is_out_of_its_range(name: str, item: Parameter) -> None:
    built: Any = strategy_of(name)
    wrong = [NAN, float("inf"), float("-inf")]
    wrong += [] if item.low is None else [item.low - 1]
    wrong += [] if item.high is None else [item.high + 1]
    for value in wrong:
        with pytest.raises(SpecError, match=item.name):
            replace(built, **{item.name: value})
    assert getattr(replace(built, **{item.name: item.default}), item.name) == item.default


@every_strategy
def test_defaults_of_a_resource_name_its_parameters(name: str) -> None:
    plugin = STRATEGIES.load(name)
    known = {item.name for item in parameters(plugin)}
    assert set(plugin.resource_defaults) <= set(RESOURCES)
    for resource, defaults in plugin.resource_defaults.items():
        assert set(defaults) <= known
        built = strategy_of(name, resource)
        assert {key: getattr(built, key) for key in defaults} == dict(defaults)


@every_strategy
def test_it_builds_for_every_resource_and_is_frozen(name: str) -> None:
    for resource in (CPU, MEM):
        built = strategy_of(name, resource)
        assert isinstance(built, Strategy)
        assert hash(built) == hash(strategy_of(name, resource))


def test_exemptions_name_strategies_that_exist() -> None:
    assert set(UNSCALED) <= set(STRATEGIES.names)
    assert set(POOLED) == {name for name in STRATEGIES.names if strategy_of(name).pools}
