"""Every score by hand, and all of them against the definitions in plain Python."""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from math import isnan

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import NAN, vms_of, window_of
from plain_scores import judge, ledger_of, nodes_of, promised, settled
from plain_scores import window_of as one_window
from scroogevm.core.arrays import Floats
from scroogevm.core.sketch import RELATIVE_ERROR
from scroogevm.ledger import Totals
from scroogevm.scoring import (
    ROUNDING,
    SCORES,
    Promise,
    Promises,
    Settled,
    Truth,
    matched,
    since,
)


def column(*values: float) -> Floats:
    """One node, (windows, 1)."""
    return np.array(values, np.float64)[:, np.newaxis]


#                  t0     t1     t2     t3
CAPACITY = column(10.0, 10.0, 10.0, 10.0)
ALLOCATED = column(8.0, 10.0, 10.0, 6.0)
ADDED = column(0.0, 2.0, 0.0, 1.0)  # at t3 one VM of 1 came, and others of 5 left
P99 = column(3.0, 7.0, 4.0, 4.0)
PEAK = column(3.5, 7.5, 5.0, 9.0)
DEMAND = column(4.0, 5.0, 5.0, 3.0)  # said at t for t + 1

BY_HAND: Mapping[str, float] = {
    # shortfall of p99: 7-(4+2) = 1, 4-(5+0) < 0, 4-(5+1) < 0
    "violation_rate": 1 / 3,
    # of the maximum: 7.5-6 = 1.5, 5-5 = 0, 9-6 = 3
    "violation_rate_max": 2 / 3,
    "mean_severity": (1 + 0 + 0) / 10 / 3,
    # percentile 99 of 0, 0, 0.1: rank 1.98 of 2
    "p99_severity": 0.98 * 0.1,
    "worst_severity": 3 / 10,
    # 1 - 4/8, 1 - 5/10, 1 - 5/10, 1 - 3/6
    "savings": 0.5,
    # free 6, 5, 5, 7 of 10
    "offered_free": (6 + 5 + 5 + 7) / 10 / 4,
    # 14, 15, 15, 13 of 10
    "oversubscription": (14 + 15 + 15 + 13) / 10 / 4,
    # held 6, 5, 6 for usage 7, 4, 4
    "waste": (0 + 1 + 2) / 10 / 3,
    # above the promise, whatever was added: 7-4 = 3, 4-5 = -1, 4-5 = -1
    "coverage": 2 / 3,
    "check": (0.99 * 3 + 0.01 * (1 + 1)) / 10 / 3,
    "regret": (1 + 1 + 2) / 10 / 3,
    # free 6 less 2 added is 4, 5 offered; 5 to 5; 5 less 1 is 4, 7 offered
    "decreases": 0,
    "churn": (1 + 0 + 2) / 10,
    # correction: +2, +0, and p99(t3) - p99(t2) = 0 as the allocation falls
    # expected: 6-2 = 4, 5-0 = 5, 5-0 = 5; truth: 3, 6, 6; off by -1, 1, 1
    "misprediction": (1 + 1 + 1) / 10,
    "violation": 1 / 10,
    # expected above free: 4-5 < 0, 5-5 = 0, 5-7 < 0
    "corrections": 0,
    "windows": 3,
}


def totals(truth: Truth, demand: Floats, tolerance: float = 0.0) -> Totals:
    return ledger_of(truth, {"s": demand}, tolerance=tolerance).totals("cpu")


def fleet(truth: Truth, demand: Floats, tolerance: float = 0.0) -> Mapping[str, float]:
    scores = totals(truth, demand, tolerance).fleet()
    return {name: float(values[0]) for name, values in scores.items()}


def same(ours: Mapping[str, float], theirs: Mapping[str, float], rel: float = 1e-12) -> None:
    """Percentiles come out of bins, everything else is exact."""
    for name, value in theirs.items():
        off = RELATIVE_ERROR if name == "p99_severity" else rel
        assert ours[name] == pytest.approx(value, rel=off, abs=1e-12, nan_ok=True), name


def test_every_score_by_hand() -> None:
    truth = Truth(CAPACITY, ALLOCATED, ADDED, P99, PEAK, P99)
    scores = fleet(truth, DEMAND)
    same(scores, BY_HAND)
    assert list(scores) == list(SCORES)


def test_offers_taken_back_by_hand() -> None:
    # free 6, 3, 3 with nothing added: taken back once; 2 added explain 2 of a fall by 3.
    truth = Truth(*(column(10, 10, 10),) * 2, column(0, 0, 0), *(column(1, 1, 1),) * 3)
    demand = column(4, 7, 7)
    scores = fleet(truth, demand)
    assert scores["decreases"] == 1
    assert scores["corrections"] == pytest.approx(3 / 10)
    assert judge(truth, demand, demand).decrease[:, 0].tolist()[1:] == [3, 0]
    grown = replace(truth, added=column(0, 2, 0))
    assert judge(grown, demand, demand).decrease[:, 0].tolist()[1:] == [1, 0]


def test_usage_that_is_a_rounding_above_the_promise_is_no_violation() -> None:
    usage = column(*(0.1 + 0.2,) * 3)
    truth = Truth(*(column(10, 10, 10),) * 2, column(0, 0, 0), usage, usage, usage)
    promise = column(0.3, 0.3, 0.3)
    assert (usage > promise).all()
    scores = fleet(truth, promise)
    assert (scores["violation_rate"], scores["violation_rate_max"]) == (0, 0)
    short = promise - 1e-6
    assert fleet(truth, short)["violation_rate"] == 1


def test_shortfall_within_the_tolerance_is_no_violation() -> None:
    truth = Truth(CAPACITY, ALLOCATED, ADDED, P99, PEAK, P99)
    for tolerance, rate in ((0.05, 1 / 3), (0.1, 0.0), (0.2, 0.0)):
        scores = fleet(truth, DEMAND, tolerance)
        assert scores["violation_rate"] == pytest.approx(rate)
        assert scores["mean_severity"] == pytest.approx(1 / 30)


def test_demand_below_zero_offers_more_than_the_node_has() -> None:
    truth = Truth(*(column(10, 10),) * 2, column(0, 0), *(column(1, 1),) * 3)
    judged = judge(truth, column(-5, -5), column(-5, -5))
    assert judged.free[:, 0].tolist() == [15, 15]
    assert judged.shortfall[1, 0] == 6


SLICED = [
    # demand, allocated, told with two slices, told with three
    (4.0, 9.0, 9.0, 9.0),  # the other slices were never seen
    (5.0, 8.0, 5.0, 8.0),  # with three, one is still unseen
    (1.0, 9.0, 5.0, 5.0),
    (2.0, 9.0, 2.0, 5.0),
    (NAN, 9.0, 2.0, 2.0),  # nothing new is said of this slice
]


def test_a_scheduler_is_told_the_largest_demand_over_the_slices() -> None:
    demand, allocated = (column(*(row[i] for row in SLICED)) for i in (0, 1))
    for slices, place in ((2, 2), (3, 3)):
        told = promised(demand, allocated, slices)
        assert told[:, 0].tolist() == [row[place] for row in SLICED]
    np.testing.assert_array_equal(promised(demand, allocated, 1), demand)
    assert demand[0, 0] == 4.0


def test_more_slices_than_windows_tell_the_allocation() -> None:
    told = promised(column(1.0, 2.0), column(9.0, 8.0), 5)
    assert told[:, 0].tolist() == [9.0, 8.0]


def test_added_counts_new_vms_and_growth_and_not_those_that_left_or_shrank() -> None:
    before = window_of(
        [[1.0], [1.0]],
        vms=vms_of({0: (0, 2.0, [1]), 1: (0, 4.0, [1]), 2: (1, 4.0, [1]), 3: (1, 1.0, [1])}),
    )
    now = window_of(
        [[1.0], [1.0]],
        vms=vms_of({0: (0, 5.0, [1]), 2: (1, 3.0, [1]), 3: (1, 1.0, [1]), 7: (1, 8.0, [1])}),
    )
    assert since(before.vms, now)[0].tolist() == [3.0, 8.0]
    assert since(now.vms, before)[0].tolist() == [4.0, 1.0]
    assert since(now.vms, now)[0].tolist() == [0.0, 0.0]


def test_a_window_that_says_nothing_is_never_scored() -> None:
    holes = column(3.0, NAN, 4.0, 4.0)
    truth = Truth(CAPACITY, ALLOCATED, ADDED, holes, holes, holes)
    scores = fleet(truth, DEMAND)
    assert scores["windows"] == 2
    assert scores["violation_rate"] == 0
    assert scores["waste"] == pytest.approx((1 + 2) / 10 / 2)
    assert scores["misprediction"] == pytest.approx((1 + 1) / 10)
    assert not any(isnan(value) for value in scores.values())


def test_a_node_never_measured_has_no_scores_and_does_not_count_in_the_fleet() -> None:
    silent = column(NAN, NAN, NAN, NAN)
    two = Truth(
        *(np.hstack([each, each]) for each in (CAPACITY, ALLOCATED, ADDED)),
        *(np.hstack([each, silent]) for each in (P99, PEAK, P99)),
    )
    demand = np.hstack([DEMAND, ALLOCATED])
    total = totals(two, demand)
    each = total.scores()
    assert [name for name in SCORES if not np.isnan(each[name][0, 1])] == [
        "savings",
        "offered_free",
        "oversubscription",
        "windows",
    ]
    of_all = fleet(two, demand)
    shared = ("savings", "offered_free", "oversubscription")
    same(of_all, {name: value for name, value in BY_HAND.items() if name not in shared})


@pytest.mark.parametrize("windows", [0, 1])
def test_too_few_windows_to_judge_give_no_scores(windows: int) -> None:
    truth = Truth(*(each[:windows] for each in (CAPACITY, ALLOCATED, ADDED, P99, PEAK, P99)))
    if not windows:
        assert not ledger_of(truth, {"s": DEMAND[:0]}).resources
        return
    scores = fleet(truth, DEMAND[:windows])
    assert scores["windows"] == 0
    assert all(isnan(scores[name]) for name in SCORES if "violation" in name or "sever" in name)


NUMBERS = st.one_of(st.just(NAN), st.integers(0, 12).map(float))
Table = list[tuple[float, float, float, float, float, float]]


def tables(nodes: int) -> st.SearchStrategy[list[Table]]:
    """Per node and window: capacity, allocated, added, p99, maximum above it, demand."""
    row = st.tuples(
        st.sampled_from([8.0, 10.0]),
        st.integers(0, 12).map(float),
        st.integers(0, 3).map(float),
        NUMBERS,
        st.integers(0, 3).map(float),
        st.integers(-4, 12).map(float),
    )
    length = st.integers(1, 6)
    return length.flatmap(
        lambda n: st.lists(st.lists(row, min_size=n, max_size=n), min_size=nodes, max_size=nodes)
    )


def arrays(nodes: Sequence[Table]) -> tuple[Truth, Floats]:
    values = np.array(nodes).transpose(2, 1, 0)
    capacity, allocated, added, p99, more = values[:5]
    truth = Truth(capacity, allocated, added, p99, p99 + more, p99)
    return truth, values[5]


def by_definition(rows: Table) -> Mapping[str, float]:
    """The scores of one node, as the page on estimation words them, number by number."""
    severity, worst, waste, churn, decreases = [], [], [], 0.0, 0
    excess = []
    off, under, back, savings = 0.0, 0.0, 0.0, []
    for t, (capacity, allocated, new, p99, above, demand) in enumerate(rows):
        free = max(0.0, capacity - demand)
        if allocated > 0:
            savings.append(1 - demand / allocated)
        if t == 0:
            continue
        capacity_before, allocated_before, _, p99_before, _, promise = rows[t - 1]
        free_before = max(0.0, capacity_before - promise)
        churn += abs(free - free_before) / capacity
        decreases += free_before - new - free > 1e-9 * capacity
        change = allocated - allocated_before
        correction = change if change >= 0 else p99 - p99_before
        expected = free_before - correction
        misprediction = (capacity - p99) - expected
        if not isnan(misprediction):
            off += abs(misprediction) / capacity
            under += max(0.0, -misprediction) / capacity
        if not isnan(expected):
            back += max(0.0, -(free - expected)) / capacity
        if not isnan(p99):
            excess.append((p99 - promise) / capacity)
            severity.append(max(0.0, p99 - promise - new) / capacity)
            worst.append(max(0.0, p99 + above - promise - new) / capacity)
            waste.append(max(0.0, promise + new - p99) / capacity)
    if not severity:
        return {}
    number = len(severity)
    return {
        "violation_rate": sum(s > ROUNDING for s in severity) / number,
        "violation_rate_max": sum(s > ROUNDING for s in worst) / number,
        "mean_severity": sum(severity) / number,
        "p99_severity": float(np.percentile(severity, 99)),
        "worst_severity": max(worst),
        "savings": sum(savings) / len(savings) if savings else NAN,
        "waste": sum(waste) / number,
        "coverage": sum(e <= ROUNDING for e in excess) / number,
        "check": sum(0.99 * e if e > 0 else -0.01 * e for e in excess) / number,
        "regret": (sum(waste) + sum(severity)) / number,
        "decreases": decreases,
        "churn": churn,
        "misprediction": off,
        "violation": under,
        "corrections": back,
        "windows": number,
    }


@given(tables(nodes=1))
def test_scores_of_a_node_follow_their_definitions(nodes: list[Table]) -> None:
    truth, demand = arrays(nodes)
    demand = np.maximum(demand, 0.0)
    ours = {name: float(each[0, 0]) for name, each in totals(truth, demand).scores().items()}
    theirs = by_definition([(*row[:5], max(0.0, row[5])) for row in nodes[0]])
    same(ours, theirs, rel=1e-9)
    if not theirs:
        assert isnan(ours["violation_rate"])


@given(tables(nodes=3), st.integers(1, 4))
def test_settled_step_by_step_is_what_the_definitions_say_of_whole_arrays(
    nodes: list[Table], slices: int
) -> None:
    truth, demand = arrays(nodes)
    demands = {"one": demand, "other": demand[::-1]}
    found, told = settled(truth, demands, slices)
    for at, each in enumerate(demands.values()):
        promise = promised(each, truth.allocated, slices)
        np.testing.assert_array_equal(told[:, at], promise)
        whole = judge(truth, each, promise)
        for item in fields(Settled):
            steps = [getattr(step, item.name)[at] for step in found]
            np.testing.assert_array_equal(steps, getattr(whole, item.name), err_msg=item.name)


@given(tables(nodes=4), st.data())
def test_promises_follow_their_nodes_by_name(nodes: list[Table], data: st.DataObject) -> None:
    """Each node's scores are those of the node alone while it is there without a break."""
    truth, demand = arrays(nodes)
    promises = Promises()
    present: list[set[int]] = []
    alone: dict[int, Promises] = {}
    for window in range(truth.capacity.shape[0]):
        order = data.draw(st.permutations(range(4)))
        some = order[: data.draw(st.integers(1, 4))]
        names = [f"n{node}" for node in some]
        mine = one_window(nodes_of(truth, some), window)
        promises, found = promises.then(
            names, 2, {"cpu": (mine, {"s": demand[window, list(some)]})}
        )
        for place, node in enumerate(some):
            before = alone[node] if window and node in present[-1] else Promises()
            own = one_window(nodes_of(truth, [node]), window)
            said = {"cpu": (own, {"s": demand[window, [node]]})}
            alone[node], expected = before.then([f"n{node}"], 2, said)
            for item in fields(Settled):
                ours = getattr(found["cpu"], item.name)[0, place]
                np.testing.assert_array_equal(ours, getattr(expected["cpu"], item.name)[0, 0])
        present.append(set(some))


def test_a_strategy_that_is_new_was_never_told_and_others_keep_what_they_said() -> None:
    truth = Truth(*(np.array([8.0]),) * 2, *(np.array([0.0]), *(np.array([5.0]),) * 3))
    first, _ = Promises().then(["n"], 1, {"cpu": (truth, {"a": np.array([3.0])})})
    demands = {"b": np.array([1.0]), "a": np.array([1.0])}
    _, found = first.then(["n"], 1, {"cpu": (truth, demands)})
    np.testing.assert_array_equal(found["cpu"].shortfall[:, 0], [NAN, 2.0])


def test_promises_come_back_from_data() -> None:
    truth, demand = arrays(
        [[(8.0, 4.0, 0.0, 3.0, 1.0, 2.0)] * 3, [(8.0, 6.0, 1.0, 2.0, 1.0, 5.0)] * 3]
    )
    promises = Promises()
    for window in range(2):
        said = {"cpu": (one_window(truth, window), {"s": demand[window]})}
        promises, _ = promises.then(["a", "b"], 3, said)
    again = Promises.restored(promises.nodes, promises.strategies, promises.arrays())
    said = {"cpu": (one_window(nodes_of(truth, [1]), 2), {"s": demand[2, [1]]})}
    (ours, found), (theirs, expected) = promises.then(["b"], 3, said), again.then(["b"], 3, said)
    for name, array in ours.arrays().items():
        np.testing.assert_array_equal(theirs.arrays()[name], array)
    for item in fields(Settled):
        np.testing.assert_array_equal(
            getattr(found["cpu"], item.name), getattr(expected["cpu"], item.name)
        )


def test_nothing_was_ever_said_of_a_new_node() -> None:
    cold = Promise.none((2, 3), 2)
    assert cold.recent.shape == (1, 2, 3)
    moved = cold.aligned(matched(["a", "b", "c"], ["c", "x"]))
    assert moved.told.shape == (2, 2)
    assert np.isnan(moved.told).all()
    assert moved.seen.tolist() == [0.0, 0.0]


@given(tables(nodes=4))
def test_fleet_scores_are_those_of_all_windows_and_means_of_nodes(nodes: list[Table]) -> None:
    truth, demand = arrays(nodes)
    demand = np.maximum(demand, 0.0)
    judged = judge(truth, demand, demand)
    ours = fleet(truth, demand)
    severity = (judged.shortfall / truth.capacity)[~np.isnan(judged.shortfall)]
    told = [[(*row[:5], max(0.0, row[5])) for row in rows] for rows in nodes]
    each = [scores for scores in map(by_definition, told) if scores]
    if not each:
        assert isnan(ours["p99_severity"])
        return
    p99 = np.percentile(severity, 99)
    assert ours["p99_severity"] == pytest.approx(p99, rel=RELATIVE_ERROR, abs=1e-12)
    assert ours["worst_severity"] == pytest.approx(max(s["worst_severity"] for s in each))
    for name in ("decreases", "churn", "misprediction", "violation", "corrections", "windows"):
        assert ours[name] == pytest.approx(sum(s[name] for s in each) / len(each)), name


def test_percentile_99_of_many_severities_that_are_mostly_zero() -> None:
    rng = np.random.default_rng(1)
    for share in (0.001, 0.01, 0.05, 0.5, 1.0):
        p99 = np.where(rng.random((200, 7)) < share, 5 + rng.random((200, 7)), 1.0)
        flat = np.full(p99.shape, 4.0)
        truth = Truth(np.full(p99.shape, 10.0), flat, np.zeros(p99.shape), p99, p99, p99)
        severity = np.maximum(0, p99[1:] - 4) / 10
        expected = np.percentile(severity, 99)
        found = fleet(truth, flat)["p99_severity"]
        assert found == pytest.approx(expected, rel=RELATIVE_ERROR, abs=1e-12)
