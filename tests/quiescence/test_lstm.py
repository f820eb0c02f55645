"""The compiled network against a plain one, against the predecessor's, and against itself."""

import json
import sys
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import scroogevm.quiescence._lstm_weights as fixed
from commands import python
from helpers import NAN, random_windows, walked, window_of
from quiescence.plain_lstm import forward as plain_forward
from quiescence.plain_lstm import gradient, pairs_of, trained
from quiescence.plain_lstm import rmse as plain_rmse
from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import History
from scroogevm.errors import MissingExtraError
from scroogevm.ports import CPU, QUIESCENCE, RESOURCES
from scroogevm.quiescence.lstm import Lstm, rmse
from scroogevm.traces.format import open_trace
from scroogevm.traces.options import ReadOptions

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = sorted(path.name.removesuffix(".lstm.json") for path in GOLDEN.glob("*.lstm.json"))


def history_of(*windows: Sequence[Sequence[float]] | Floats, capacity: float = 8.0) -> History:
    made = [window_of(np.asarray(usage).tolist(), capacity=capacity) for usage in windows]
    return History(tuple(made[:-1]), made[-1], kept=len(made) - 1)


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_the_kernel_computes_what_plain_numpy_does(missing: float) -> None:
    windows = random_windows(5, nodes=3, count=4, samples=40, missing=missing)
    history = History(tuple(windows[:-1]), windows[-1], kept=3)
    kept, new = rmse(history, members=4, epochs=3)
    for node, capacity in enumerate(history.capacity):
        before = pairs_of(history.earlier_usage[node], capacity)
        after = pairs_of(history.new.usage[node], capacity)
        for member in range(4):
            p = trained(before, member, epochs=3)
            assert kept[node, member] == pytest.approx(plain_rmse(p, before) * capacity, rel=1e-5)
            assert new[node, member] == pytest.approx(plain_rmse(p, after) * capacity, rel=1e-5)


def test_the_plain_gradient_is_that_of_the_squared_error() -> None:
    p = fixed.first_weights(1)[0] + 0.1
    step = 1e-6
    for number, slope in enumerate(gradient(p, 0.4, 0.7)):
        side = step * np.eye(p.size)[number]
        up, down = ((plain_forward(p + s, 0.4)[0] - 0.7) ** 2 for s in (side, -side))
        assert slope == pytest.approx((up - down) / (2 * step), abs=1e-8)


def test_first_weights_keep_within_glorots_bounds_and_differ_by_member() -> None:
    weights = fixed.first_weights(200)
    gates, rest, dense = weights[:, :12], weights[:, 12:24], weights[:, 24:28]
    assert 0.98 * np.sqrt(6 / 17) < abs(gates).max() < np.sqrt(6 / 17)
    assert 0.98 * np.sqrt(6 / 5) < abs(dense).max() < np.sqrt(6 / 5)
    assert not rest.any()
    assert not weights[:, 28].any()
    assert len(np.unique(gates)) == gates.size
    np.testing.assert_array_equal(fixed.first_weights(3), weights[:3])


@cache
def recorded(name: str) -> Sequence[tuple[History, Mapping[str, Any]]]:
    """The windows of each of the predecessor's fits, and what it found."""
    (load,) = open_trace(GOLDEN / f"{name}.json.xz", ReadOptions()).loads()
    chunk = load()
    slices, kept = chunk.shape.slices, chunk.shape.kept
    histories = [
        History([each.windows[resource] for each in earlier], occurrence.windows[resource], kept)
        for number, occurrence in enumerate(chunk.occurrences)
        if len(earlier := walked(chunk)[number % slices : number : slices][-kept:]) == kept
        for resource in RESOURCES
    ]
    fits = json.loads((GOLDEN / f"{name}.lstm.json").read_text())["fits"]
    return list(zip(histories, fits, strict=True))


def test_the_default_agrees_with_the_predecessor_where_its_gap_is_clear() -> None:
    agreed = []
    for name in NAMES:
        for history, fit in recorded(name):
            assert history.capacity[0] == fit["config"]
            verdict = Lstm().judge(history)
            assert verdict.evidence["rmse_limit"][0] == pytest.approx(fit["limit"])
            if abs(fit["gap"] / fit["limit"] - 1) > 0.3:
                agreed.append(verdict.quiescent[0] == (fit["gap"] < fit["limit"]))
    assert len(agreed) >= 80
    assert np.mean(agreed) >= 0.98


@pytest.mark.parametrize("name", NAMES)
def test_single_networks_err_around_the_predecessors(name: str) -> None:
    for side, key in enumerate(("rmse_kept", "rmse_new")):
        ours, theirs = [], []
        for history, fit in recorded(name):
            if fit[key] > 1e-3 * fit["config"]:  # the rounding of the inputs
                ours.append(rmse(history, members=15, epochs=3)[side][0])
                theirs.append(fit[key])
        ratio = np.array(ours) / np.array(theirs)[:, np.newaxis]
        assert 0.75 < np.median(ratio) < 1.15
        assert np.mean((ratio.min(axis=1) < 1.05) & (ratio.max(axis=1) > 0.95)) > 0.8


def test_of_the_members_the_one_with_the_median_gap_decides() -> None:
    history = history_of(*np.random.default_rng(1).normal(4, 1, (5, 2, 30)))
    kept, new = rmse(history, members=5, epochs=3)
    evidence = Lstm(members=5).judge(history).evidence
    np.testing.assert_array_equal(abs(evidence["rmse"]), np.median(abs(kept - new), axis=1))
    np.testing.assert_array_equal(evidence["rmse"], evidence["rmse_new"] - evidence["rmse_kept"])
    np.testing.assert_array_equal(evidence["rmse_limit"], [0.08, 0.08])


@pytest.mark.parametrize(
    ("kept", "new"),
    [
        ([[NAN, 2.0, NAN, 2.0]], [[2.0, 2.0]]),
        ([[2.0, 2.0, 2.0]], [[2.0, NAN, 2.0]]),
        ([[2.0, 2.0, 2.0]], [[2.0]]),
        ([[2.0]], [[2.0, 2.0]]),
    ],
)
def test_without_a_pair_of_samples_it_is_not_quiescent_and_says_nan(
    kept: Sequence[Sequence[float]], new: Sequence[Sequence[float]]
) -> None:
    verdict = Lstm().judge(history_of(kept, new))
    assert verdict.quiescent.tolist() == [False]
    assert np.isnan(verdict.evidence["rmse"]).all()


PRINT_EVIDENCE = """
import sys
import numpy as np
from scroogevm.core.history import History
from scroogevm.core.window import VMs, Window
from scroogevm.quiescence.lstm import Lstm
rng = np.random.default_rng(7)
full = np.full(20, 8.0)
windows = [Window(rng.normal(4, 1, (20, 30)), full, full, VMs.none()) for _ in range(5)]
for name, array in Lstm().judge(History(tuple(windows[:-1]), windows[-1], kept=4)).evidence.items():
    print(name, array.tobytes().hex())
"""


def test_every_run_number_of_threads_and_instruction_set_gives_the_same_bits(
    tmp_path: Path,
) -> None:
    one = python(PRINT_EVIDENCE, NUMBA_NUM_THREADS="1")
    assert one.count("\n") == 4
    assert python(PRINT_EVIDENCE, NUMBA_NUM_THREADS="2") == one
    plain = {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}
    assert python(PRINT_EVIDENCE, NUMBA_CACHE_DIR=str(tmp_path), **plain) == one


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_samples_that_other_nodes_have_change_no_bit(missing: float) -> None:
    windows = random_windows(3, nodes=1, count=2, samples=30, missing=missing)
    usage = [window.usage for window in windows]
    alone = rmse(history_of(*usage), members=5, epochs=3)
    longer = [np.pad(each, ((0, 4), (0, 7)), constant_values=NAN) for each in usage]
    longer[0][1:], longer[1][1:] = 1.0, 2.0
    assert np.isfinite(alone).all()
    np.testing.assert_array_equal(
        np.array(rmse(history_of(*longer), members=5, epochs=3))[:, :1], alone
    )


@pytest.mark.parametrize("members", [5, 15])
def test_two_ensembles_disagree_less_often_than_two_networks(members: int) -> None:
    histories = [history for name in NAMES for history, _ in recorded(name)]
    single = np.concatenate([abs(np.subtract(*rmse(each, 60, 3))) for each in histories])
    limit = 0.01 * np.concatenate([each.capacity for each in histories])[:, np.newaxis]
    each = np.median(single.reshape(-1, 60 // members, members), axis=2) < limit
    assert _disagreement(each) < {5: 0.5, 15: 0.25}[members] * _disagreement(single < limit)


def _disagreement(said: Bools) -> float:
    """How often two columns, taken at random, differ."""
    share, columns = said.mean(axis=1), said.shape[1]
    return float(np.mean(2 * share * (1 - share)) * columns / (columns - 1))


def test_the_hyperbolic_tangent_is_within_its_bound_and_odd() -> None:
    from scroogevm.quiescence._lstm_kernel import tanh  # noqa: PLC0415  # needs an extra

    half = np.linspace(0, 12, 10_001, dtype=np.float32)
    z = np.concatenate([-half[:0:-1], half])
    ours = np.array([tanh(x) for x in z])
    np.testing.assert_array_less(abs(ours - np.tanh(z.astype(np.float64))), 6e-7)
    np.testing.assert_array_equal(ours, -ours[::-1])
    assert abs(ours).max() <= 1


def test_a_silent_node_in_company_reads_nothing_beyond_its_samples() -> None:
    # Without the compiler every index is checked, which compiled code does not do.
    code = """
import numpy as np
from scroogevm.quiescence._lstm_kernel import errors
from scroogevm.quiescence._lstm_weights import first_weights, order
orders = np.array([[order(member, epoch, 29) for epoch in range(3)] for member in range(2)])
kept, new = np.random.default_rng(1).random((2, 3, 30), np.float32)
kept[1], kept[2, 12:], new[2] = np.nan, np.nan, np.nan
with np.errstate(invalid="ignore"):
    found = errors(first_weights(2).astype(np.float32), orders, kept, new[:, :20])
print(*np.isfinite(found).all(axis=2))
"""
    assert python(code, NUMBA_DISABLE_JIT="1") == "[ True False  True] [ True  True False]\n"


def test_numba_is_imported_only_by_who_asks_the_network(tmp_path: Path) -> None:
    code = """
import sys
from scroogevm.__main__ import main
from scroogevm.ports import QUIESCENCE, STRATEGIES
assert [QUIESCENCE.build(name) for name in QUIESCENCE.names]
STRATEGIES.build("greedy:quiescence=lstm")
try:
    main()
finally:
    print("numba" in sys.modules)
"""
    trace, out = str(GOLDEN / "hot-resize.json.xz"), str(tmp_path / "out")
    for words in (
        ["--help"],
        ["replay", trace, "-o", out, "-s", "greedy"],
    ):
        argv = ["scroogevm", *words]
        assert python(f"import sys; sys.argv = {argv!r}{code}").endswith("False\n")


def test_a_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    for module in ("_lstm_kernel", "_compiled"):
        monkeypatch.delitem(sys.modules, f"scroogevm.quiescence.{module}", raising=False)
    with pytest.raises(MissingExtraError, match=r"lstm test needs numba.*scroogevm\[quiescence\]"):
        QUIESCENCE.build("lstm", CPU).judge(history_of([[1.0, 2.0]], [[1.0, 2.0]]))
