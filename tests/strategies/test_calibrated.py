"""``calibrated``: the fast one equals the plain one, and what must hold of any demand."""

import pickle
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleets import fleet
from helpers import NAN, demands, occurrences_of, random_windows, some_nodes, window_of
from scroogevm.core.arrays import Floats
from scroogevm.core.history import History
from scroogevm.core.window import Occurrence, VMs, Window
from scroogevm.engine import Engine
from scroogevm.ports import CPU, RESOURCES, STRATEGIES, Step
from scroogevm.registry import Spec
from scroogevm.runner import Lockstep, Runner, lockstep
from scroogevm.strategies._calibration.experts import EXPERTS
from scroogevm.strategies._calibration.hours import HOUR, Hours
from scroogevm.strategies._calibration.known import PoolState
from scroogevm.strategies._calibration.sketch import counted, quantiles
from scroogevm.strategies._calibration.words import words
from scroogevm.strategies.calibrated import Calibrated
from strategies.plain_calibrated import Plain

NAME = "calibrated"


def engine(risk: float, seconds: float = 1800.0, slices: int = 1) -> Engine:
    return Engine({CPU: {NAME: Calibrated(risk=risk)}}, 4, slices, seconds=seconds)


def walked(
    chunks: Sequence[Sequence[Occurrence]], risk: float = 0.1, seconds: float = 1800.0
) -> list[list[Step]]:
    """The steps of each chunk."""
    together = Lockstep([Runner(engine(risk, seconds)) for _ in chunks])
    each: list[list[Step]] = [[] for _ in chunks]
    for steps in lockstep(together, chunks):
        for mine, step in zip(each, steps, strict=True):
            assert step is not None
            mine.append(step)
    return each


def said(windows: Sequence[Window], risk: float = 0.1) -> Floats:
    return demands(walked([occurrences_of(windows)], risk)[0], NAME)


@settings(max_examples=8, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    risk=st.sampled_from([0.02, 0.1, 0.3]),
    missing=st.sampled_from([0.0, 0.1]),
    churn=st.sampled_from([0.0, 0.02, 0.2]),
    seconds=st.sampled_from([1800.0, 3600.0, 5 * 3600.0]),
)
def test_it_equals_the_plain_computation(
    seed: int, risk: float, missing: float, churn: float, seconds: float
) -> None:
    windows = random_windows(seed, nodes=5, count=60, missing=missing, churn=churn)
    for at in (11, 12, 40):
        windows[at].usage[at % 5] = NAN
    plain = Plain(risk, seconds=seconds)
    slow = []
    for window in windows:
        vms = window.vms
        rows = zip(vms.ids, vms.node, vms.allocated, vms.usage, strict=True)
        listed = {int(i): (int(n), float(a), u.tolist()) for i, n, a, u in rows}
        slow.append(plain.step(window.usage, window.capacity.tolist(), listed))
    fast = demands(walked([occurrences_of(windows, seconds=seconds)], risk, seconds)[0], NAME)
    np.testing.assert_allclose(fast, np.array(slow), rtol=1e-9, atol=1e-9)
    assert (fast[20:] < np.array([window.allocated for window in windows[20:]])).any()


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.4]))
def test_demand_lies_between_nothing_and_the_allocation(seed: int, missing: float) -> None:
    windows = random_windows(seed, count=40, missing=missing, churn=0.1)
    told = said(windows, 0.2)
    assert (told >= 0).all()
    assert (told <= np.array([window.allocated for window in windows])).all()


def test_order_of_nodes_and_cut_into_chunks_change_no_bit() -> None:
    windows = random_windows(3, nodes=6, count=50, churn=0.05)
    whole = said(windows)
    order = [4, 1, 5, 0, 3, 2]
    shuffled = said([some_nodes(window, order) for window in windows])
    np.testing.assert_array_equal(shuffled, whole[:, order])
    parts = [[0, 1], [2], [3, 4, 5]]
    chunks = [occurrences_of([some_nodes(w, part) for w in windows]) for part in parts]
    cut = np.concatenate([demands(steps, NAME) for steps in walked(chunks)], axis=1)
    np.testing.assert_array_equal(cut, whole)


def test_a_snapshot_in_between_changes_no_bit() -> None:
    occurrences = occurrences_of(random_windows(4, nodes=5, count=50, churn=0.05))
    whole = demands(walked([occurrences])[0], NAME)
    together = Lockstep([Runner(engine(0.1))])
    told = []
    for number, occurrence in enumerate(occurrences):
        if number % 13 == 7:
            chunks, pools = pickle.loads(pickle.dumps(together.snapshot()))  # noqa: S301  # ours
            together = Lockstep([Runner(engine(0.1))])
            together.restore(chunks, pools)
        (step,) = together.step([(occurrence, ())])
        assert step is not None
        told.append(step)
    np.testing.assert_array_equal(demands(told, NAME), whole)


@settings(max_examples=20, deadline=None)
@given(
    seed=st.integers(0, 1000),
    levels=st.tuples(st.floats(0.001, 0.5), st.floats(0.001, 0.5)),
)
def test_a_higher_level_of_the_same_state_never_demands_more(
    seed: int, levels: tuple[float, float]
) -> None:
    windows = random_windows(seed % 5, nodes=5, count=40)
    together = Lockstep([Runner(engine(0.1))])
    for occurrence in occurrences_of(windows):
        together.step([(occurrence, ())])
    memo = together.runners[0]._state.memos[0, CPU, NAME]
    known = PoolState.of(together._pools[0, CPU, NAME], 0.1, len(EXPERTS))
    told = []
    for level in sorted(levels):
        q = quantiles(known.total, level)
        pool = replace(known, level=np.array([level]), q=q).pool()
        history = History(windows[-4:], windows[-1], kept=4, memo=memo, pool=pool)
        told.append(Calibrated(risk=0.1).estimate(history).demand)
    assert (told[1] <= told[0]).all()


def test_new_silent_and_returned_nodes_fail_closed() -> None:
    windows = random_windows(6, nodes=5, count=60, churn=0.0)
    windows[40].usage[2] = NAN
    allocated = np.array([window.allocated for window in windows])
    told = said(windows)
    np.testing.assert_array_equal(told[:4], allocated[:4])
    assert told[39, 2] < allocated[39, 2]
    # Until K windows in a row are kept once more.
    np.testing.assert_array_equal(told[40:44, 2], allocated[40:44, 2])
    assert told[44, 2] < allocated[44, 2]


@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 1000))
def test_nodes_that_join_return_and_change_order_fail_closed_until_k_windows_in_a_row(
    seed: int,
) -> None:
    here: dict[str, int] = {}
    less = 0
    for step in walked([fleet(seed, nodes=8, count=60)], 0.3)[0]:
        nodes, window = step.occurrence.nodes, step.occurrence.windows[CPU]
        measured = dict(zip(nodes, step.measured[CPU].tolist(), strict=True))
        here = {node: here.get(node, 0) + 1 if measured[node] else 0 for node in nodes}
        demand = step.estimates[CPU][NAME].demand
        cold = np.array([here[node] < 4 for node in nodes], np.bool_)
        np.testing.assert_array_equal(demand[cold], window.allocated[cold])
        less += int((demand[~cold] < window.allocated[~cold]).sum())
    assert less


@pytest.mark.parametrize("level", [0.0, 2.0])
@pytest.mark.parametrize("nodes", [1, 4])
def test_what_never_changes_is_foreseen(level: float, nodes: int) -> None:
    node = np.arange(nodes)
    vms = VMs(node, node, np.full(nodes, 6.0), np.full((nodes, 5), level))
    windows = [window_of([[level] * 5] * nodes, vms=vms) for _ in range(80)]
    told = said(windows)
    np.testing.assert_allclose(told[-1], level, atol=1e-9)
    np.testing.assert_array_equal(told[:4], 6.0)


def test_nodes_without_vms_or_samples_are_no_trouble() -> None:
    empty = [window_of([[1.0, 2.0], [NAN, NAN]]) for _ in range(80)]
    np.testing.assert_array_equal(said(empty), 0.0)
    assert said([some_nodes(window, []) for window in empty]).shape == (80, 0)


def test_the_rate_is_what_was_asked_for_though_behaviour_drifts() -> None:
    rng = np.random.default_rng(1)
    nodes, asked = 20, 0.05
    node = np.arange(nodes)
    windows = []
    for at in range(400):
        usage = 4 + at / 100 + rng.gamma(2, 0.3 + at / 800, (nodes, 6))
        vms = VMs(node, node, np.full(nodes, 60.0), usage)
        windows.append(window_of(usage.tolist(), capacity=64.0, vms=vms))
    told = said(windows, asked)
    short = np.array([window.p99 for window in windows])[31:] > told[30:-1]
    assert short.mean() == pytest.approx(asked, rel=0.1)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), level=st.floats(0.001, 0.5), number=st.integers(1, 400))
def test_a_sketch_is_off_by_half_a_per_cent_at_most(seed: int, level: float, number: int) -> None:
    scores = np.random.default_rng(seed).normal(0.1, 1, (2, number))
    scores = np.where(abs(scores) < 2**-12, 0.0, scores)
    rank = min(number, int(np.ceil((1 - level) * (number + 1))))
    exact = np.sort(scores, axis=1)[:, rank - 1]
    np.testing.assert_allclose(
        quantiles(counted(scores, np.isfinite(scores)), level), exact, rtol=0.005
    )


def told_of(scores: Floats) -> dict[str, Any]:
    rows = np.broadcast_to(scores, (len(EXPERTS) + 1, scores.size))
    none = np.zeros(len(EXPERTS) + 1, np.int64)
    return {
        "scores": counted(rows, np.isfinite(rows)),
        "losses": none,
        "promises": np.zeros(2, np.int64),
    }


def test_the_pool_forgets_what_is_older_than_its_windows() -> None:
    rng = np.random.default_rng(0)
    draws = [rng.normal(size=rng.integers(0, 9)) for _ in range(30)]
    known = PoolState.first(0.1, len(EXPERTS))
    for draw in draws:
        known = known.then(told_of(draw), 0.1, 0.02, windows=7)
    np.testing.assert_array_equal(known.total, told_of(np.concatenate(draws[-7:]))["scores"])
    assert known.sizes.size == 7


def test_hours_are_remembered_for_a_week_and_gaps_in_them_are_known() -> None:
    memo: dict[str, Floats] = {}
    for hour in (0, 1, 2, 144, 146):
        hours = Hours.then(memo, hour * HOUR, np.array([float(hour + 1)]))
        memo = hours.arrays()
    assert hours.largest().tolist() == [147.0]
    assert hours.same(168 * HOUR).tolist() == [145.0]
    assert hours.same(169 * HOUR).tolist() == [2.0]
    assert np.isnan(hours.same(167 * HOUR)).all()
    later = Hours.then(memo, 400 * HOUR, np.array([5.0]))
    assert later.largest().tolist() == [5.0]
    assert np.isnan(later.same(401 * HOUR)).all()


def test_a_demand_is_explained() -> None:
    steps = walked([occurrences_of(random_windows(2, nodes=5, count=60, churn=0.0))])[0]
    first, last = (
        {k: float(v[0]) for k, v in steps[at].estimates[CPU][NAME].memo.items()} for at in (1, -1)
    )
    assert words(first, "cores", EXPERTS).startswith("There is too little data (0 node-windows")
    text = words(last, "cores", EXPERTS)
    assert text.startswith(f"Of {last['pool']:,.0f} node-windows of all nodes, ")
    assert f"{last['foreseen']:.4g} cores" in text


def test_it_may_stand_within_other_strategies() -> None:
    windows = random_windows(8, nodes=5, count=40, churn=0.05)
    asked = {
        "alone": "calibrated:risk=0.1",
        "wider": "margin(calibrated(risk=0.1), by=1.25)",
        "largest": "max-of(calibrated(risk=0.1), percentile)",
        "other": "percentile",
    }
    built = {name: STRATEGIES.build(Spec.parse(text), CPU) for name, text in asked.items()}
    together = Lockstep([Runner(Engine({CPU: built}, kept=4))])
    steps = [step for (step,) in lockstep(together, [occurrences_of(windows)]) if step]
    told = {name: demands(steps, name) for name in built}
    assert (told["alone"][20:] < np.array([window.allocated for window in windows[20:]])).any()
    np.testing.assert_allclose(told["wider"], 1.25 * told["alone"], rtol=1e-12)
    np.testing.assert_array_equal(told["largest"], np.maximum(told["alone"], told["other"]))


def test_each_resource_may_have_a_risk_of_its_own() -> None:
    spec = Spec.parse("calibrated:cpu.risk=0.1,mem.risk=0.02")
    assert [STRATEGIES.build(spec, resource).risk for resource in RESOURCES] == [0.1, 0.02]
