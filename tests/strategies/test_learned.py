"""``learned``: the same whatever the order, and better where there is something to learn."""

import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import demands, occurrences_of, random_windows, some_nodes, window_of
from scroogevm.config import default_strategies
from scroogevm.core.arrays import Floats
from scroogevm.core.check import check
from scroogevm.core.window import Occurrence, Window
from scroogevm.engine import Engine
from scroogevm.ports import CPU, Step
from scroogevm.runner import Lockstep, Runner, lockstep
from scroogevm.strategies._learning import reservoir, trees
from scroogevm.strategies._learning.sample import FULL, chosen, floats, table
from scroogevm.strategies.calibrated import Calibrated
from scroogevm.strategies.learned import Learned

NAME = "learned"
NODES = 12


@pytest.fixture(autouse=True)
def _few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reservoir, "FEWEST", 150)
    monkeypatch.setattr(trees, "TREES", 8)


def runners(number: int, risk: float = 0.1) -> Lockstep:
    strategies = {CPU: {NAME: Learned(risk=risk, refit=10), "calibrated": Calibrated(risk=risk)}}
    return Lockstep([Runner(Engine(strategies, 4)) for _ in range(number)])


def walked(chunks: Sequence[Sequence[Occurrence]]) -> list[list[Step]]:
    each: list[list[Step]] = [[] for _ in chunks]
    for steps in lockstep(runners(len(chunks)), chunks):
        for mine, step in zip(each, steps, strict=True):
            assert step is not None
            mine.append(step)
    return each


def said(windows: Sequence[Window]) -> Floats:
    return demands(walked([occurrences_of(windows)])[0], NAME)


def of(windows: Sequence[Window], nodes: Sequence[int]) -> list[Occurrence]:
    """Some nodes, by their names: which rows are sampled depends on these."""
    names = [f"node-{node}" for node in nodes]
    found = occurrences_of([some_nodes(window, nodes) for window in windows])
    return [replace(occurrence, nodes=names) for occurrence in found]


def surprising(nodes: int, count: int) -> list[Window]:
    """Usage that jumps in every third window: no expert foresees it, and a fit of trees does."""
    rng = np.random.default_rng(7)
    windows = []
    for at in range(count):
        level = np.where(at % 3 == 2, 6.0, 2.0) + rng.normal(0, 0.1, (nodes, 12))
        windows.append(window_of(level.tolist(), capacity=16.0, allocated=12.0))
    return windows


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.3]))
def test_demand_lies_between_nothing_and_the_allocation(seed: int, missing: float) -> None:
    windows = random_windows(seed, nodes=NODES, count=26, missing=missing, churn=0.1)
    told = said(windows)
    assert (told >= 0).all()
    assert (told <= np.array([window.allocated for window in windows])).all()


def test_order_of_nodes_and_cut_into_chunks_change_no_bit() -> None:
    windows = random_windows(3, nodes=NODES, count=36, churn=0.05)
    whole = said(windows)
    order = np.random.default_rng(1).permutation(NODES).tolist()
    shuffled = demands(walked([of(windows, order)])[0], NAME)
    np.testing.assert_array_equal(shuffled, whole[:, order])
    parts = [list(range(5)), [5], list(range(6, NODES))]
    chunks = [of(windows, part) for part in parts]
    cut = np.concatenate([demands(steps, NAME) for steps in walked(chunks)], axis=1)
    np.testing.assert_array_equal(cut, whole)


def test_a_snapshot_in_between_changes_no_bit() -> None:
    occurrences = occurrences_of(random_windows(4, nodes=NODES, count=36, churn=0.05))
    whole = demands(walked([occurrences])[0], NAME)
    together, told = runners(1), []
    for number, occurrence in enumerate(occurrences):
        if number % 13 == 7:
            chunks, pools = pickle.loads(pickle.dumps(together.snapshot()))  # noqa: S301  # ours
            together = runners(1)
            together.restore(chunks, pools)
        (step,) = together.step([(occurrence, ())])
        assert step is not None
        told.append(step)
    np.testing.assert_array_equal(demands(told, NAME), whole)


def test_it_learns_what_no_expert_foresees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trees, "TREES", 30)
    windows = surprising(NODES, 90)
    steps = walked([occurrences_of(windows)])[0]
    ours, theirs = demands(steps, NAME), demands(steps, "calibrated")
    usage = np.array([window.p99 for window in windows])
    late = slice(60, -1)
    loss = check(usage[61:] - ours[late], 0.1).mean()
    assert loss < 0.8 * check(usage[61:] - theirs[late], 0.1).mean()
    assert 0.03 < (usage[61:] > ours[late]).mean() < 0.2
    memo = {k: float(v[0]) for k, v in steps[-1].estimates[CPU][NAME].memo.items()}
    assert "the forecast of trees that learned from all nodes" in Learned().explain(memo, "cores")


@settings(max_examples=15, deadline=None)
@given(nodes=st.integers(1, 2000), cut=st.integers(0, 2000), seed=st.integers(0, 99))
def test_tables_add_up_to_rows_that_were_told(nodes: int, cut: int, seed: int) -> None:
    names = [f"node-{at}" for at in range(nodes)]
    rows = np.round(np.random.default_rng(seed).normal(size=(3, nodes)), 3)
    rows[1, ::7] = np.nan
    first = np.arange(min(cut, nodes))
    rest = np.arange(min(cut, nodes), nodes)
    tables = table(names, seed, rows, first) + table(names, seed, rows, rest)
    np.testing.assert_array_equal(tables, table(names, seed, rows, np.arange(nodes)))
    found = floats(chosen(tables))
    assert found.shape[0] <= FULL
    assert found.shape[0] >= min(nodes, 20) // 2
    told = {tuple(row) for row in np.round(np.nan_to_num(rows.T, nan=9.0), 3).tolist()}
    assert {tuple(row) for row in np.round(np.nan_to_num(found, nan=9.0), 3).tolist()} <= told


def test_it_is_asked_on_request_only() -> None:
    assert NAME not in default_strategies()
    assert "calibrated" in default_strategies()


def test_without_the_library_it_says_what_to_install() -> None:
    code = (
        "import sys; sys.modules['sklearn'] = None\n"
        "from scroogevm.ports import STRATEGIES\n"
        "from scroogevm.errors import MissingExtraError\n"
        "try: STRATEGIES.build('learned', 'cpu')\n"
        "except MissingExtraError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "needs scikit-learn, which is not installed" in done.stdout
    assert "scroogevm[learn]" in done.stdout
