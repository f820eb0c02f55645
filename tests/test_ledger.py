"""Totals that come together in any order, and come back from data, with the same bits."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from plain_scores import ledger_of, nodes_of, settled, window_of
from scroogevm.core.arrays import Floats
from scroogevm.ledger import DAY, FIELDS, Ledger
from scroogevm.scoring import SCORES, Promises, Truth

NODES, WINDOWS = 8, 100  # a little more than two days
NAMES = [f"n{node}" for node in range(NODES)]


def fleet_of(seed: int) -> tuple[Truth, Mapping[str, Floats]]:
    """Random windows of nodes, one of which is never measured, and two strategies."""
    rng = np.random.default_rng(seed)
    shape = (WINDOWS, NODES)
    capacity = np.full(shape, 10.0)
    p99 = rng.uniform(0, 9, shape)
    p99[rng.random(shape) < 0.1] = np.nan
    p99[:, 3] = np.nan
    peak = p99 + rng.random(shape)
    allocated, added = rng.uniform(3, 12, shape), rng.uniform(0, 1, shape)
    truth = Truth(capacity, allocated, added, p99, peak, 0.9 * p99)
    return truth, {"low": rng.uniform(2, 8, shape), "high": rng.uniform(6, 10, shape)}


def part(seed: int, nodes: Sequence[int], period: float | None = DAY) -> Ledger:
    truth, demands = fleet_of(seed)
    mine = {name: demand[:, list(nodes)] for name, demand in demands.items()}
    names = [NAMES[node] for node in nodes]
    return ledger_of(nodes_of(truth, nodes), mine, nodes=names, period=period)


def same(one: Ledger, other: Ledger, since: float = -np.inf) -> None:
    """The scores of both, bit by bit, of the fleet and of each node."""
    ours, theirs = (ledger.totals("cpu", since) for ledger in (one, other))
    for name in SCORES:
        assert ours.fleet()[name].tobytes() == theirs.fleet()[name].tobytes(), name
    places = [theirs.nodes.index(node) for node in ours.nodes]
    for name, values in ours.scores().items():
        np.testing.assert_array_equal(values, theirs.scores()[name][:, places], err_msg=name)


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 20), st.permutations(range(NODES)), st.sets(st.integers(1, NODES - 1)))
@pytest.mark.parametrize("period", [DAY, None])
def test_any_split_and_any_order_give_the_same_bits(
    period: float | None, seed: int, order: list[int], cuts: set[int]
) -> None:
    whole = part(seed, range(NODES), period)
    edges = [0, *sorted(cuts), NODES]
    parts = [part(seed, order[a:b], period) for a, b in pairwise(edges)]
    same(Ledger.together(parts), whole)
    same(Ledger.together(parts[::-1]), whole)
    pairs = Ledger.together([Ledger.together(parts[:1]), Ledger.together(parts[1:])])
    same(pairs, whole)


@settings(deadline=None, max_examples=20)
@given(st.integers(0, 20), st.sets(st.integers(1, WINDOWS - 1), max_size=3))
def test_a_ledger_that_was_stored_and_taken_up_goes_on_as_if_nothing_was(
    seed: int, stops: set[int]
) -> None:
    truth, demands = fleet_of(seed)
    found, _ = settled(truth, demands)
    ledger = Ledger()
    for window, each in enumerate(found):
        if window in stops:
            file = io.BytesIO()
            np.savez(file, allow_pickle=False, **ledger.arrays())
            file.seek(0)
            with np.load(file, allow_pickle=False) as stored:
                ledger = Ledger().restore(stored)
        names = (tuple(demands), NAMES)
        ledger.add(1800.0 * (window + 1), "cpu", names, window_of(truth, window), each)
    same(ledger, ledger_of(truth, demands, nodes=NAMES, period=DAY))


def test_days_are_kept_apart_and_can_be_forgotten() -> None:
    ledger = part(1, range(NODES))
    assert sorted(day for day, _ in ledger.cells) == [0, 1, 2]
    windows = FIELDS.index("windows")
    days = [ledger.totals("cpu", day * DAY, (day + 1) * DAY).sums[windows] for day in range(3)]
    np.testing.assert_array_equal(sum(days), ledger.totals("cpu").sums[windows])
    before = ledger.totals("cpu", DAY)
    ledger.forget(DAY)
    assert sorted(day for day, _ in ledger.cells) == [1, 2]
    np.testing.assert_array_equal(ledger.totals("cpu").sums, before.sums)
    assert not ledger.totals("mem").nodes


def test_nodes_and_strategies_are_counted_by_name_when_they_come_go_and_change_order() -> None:
    truth, demands = fleet_of(2)
    ledger, promises = Ledger(period=None), Promises()
    rng = np.random.default_rng(0)
    alone = {node: Ledger(period=None) for node in range(NODES)}
    last: dict[int, Promises] = {}
    for window in range(40):
        some = rng.permutation(NODES)[: rng.integers(1, NODES + 1)].tolist()
        order = ["low", "high"] if window % 3 else ["high", "low"]
        mine = window_of(nodes_of(truth, some), window)
        said = {name: demands[name][window, some] for name in order}
        names = [NAMES[node] for node in some]
        promises, found = promises.then(names, 1, {"cpu": (mine, said)})
        ledger.add(0.0, "cpu", (order, names), mine, found["cpu"])
        now = {}
        for node in some:
            own = window_of(nodes_of(truth, [node]), window)
            said = {name: demands[name][window, [node]] for name in ("low", "high")}
            before = last.get(node, Promises())
            now[node], each = before.then([NAMES[node]], 1, {"cpu": (own, said)})
            alone[node].add(0.0, "cpu", (["low", "high"], [NAMES[node]]), own, each["cpu"])
        last = now
    total = ledger.totals("cpu")
    assert sorted(total.nodes) == NAMES
    rows = [total.strategies.index(name) for name in ("low", "high")]
    for node in range(NODES):
        expected = alone[node].totals("cpu").scores()
        for name, values in total.scores().items():
            ours = values[rows, total.nodes.index(NAMES[node])]
            np.testing.assert_array_equal(ours, expected[name][:, 0], err_msg=name)


def test_memory_does_not_grow_with_windows() -> None:
    def size(windows: int) -> int:
        truth, demands = fleet_of(3)
        rows = np.arange(windows) % 10
        again = replace(
            truth, **{name: getattr(truth, name)[rows] for name in ("capacity", "allocated")},
            **{name: getattr(truth, name)[rows] for name in ("added", "p99", "peak", "known")},
        )  # fmt: skip
        said = {name: demand[rows] for name, demand in demands.items()}
        ledger = ledger_of(again, said, nodes=NAMES)
        return sum(array.nbytes for array in ledger.arrays().values())

    assert size(200) == size(20)


def test_a_name_may_end_in_anything() -> None:
    truth, demands = fleet_of(4)
    names = [f"n{node}\0" for node in range(NODES)]
    ledger = ledger_of(truth, demands, nodes=names)
    assert list(Ledger(period=None).restore(ledger.arrays()).totals("cpu").nodes) == names
