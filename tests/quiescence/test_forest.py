"""The compiled forest against a plain one, and what its rule does in plain cases."""

import sys
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from commands import python
from helpers import NAN, random_windows, window_of
from quiescence.plain_forest import errors as plain_errors
from quiescence.plain_forest import pairs_of
from scroogevm.core.arrays import Floats
from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.errors import MissingExtraError
from scroogevm.ports import CPU, QUIESCENCE
from scroogevm.quiescence._forest_kernel import _grow
from scroogevm.quiescence.forest import Forest
from scroogevm.traces.labelled import confusion, labelled


def judged(
    *windows: Sequence[Sequence[float]] | Floats, test: Forest, capacity: float = 8.0
) -> Verdict:
    made = [window_of(np.asarray(usage).tolist(), capacity=capacity) for usage in windows]
    return test.judge(History(tuple(made[:-1]), made[-1], kept=len(made) - 1))


@settings(deadline=None)  # the first call compiles
@example(seed=256, missing=0.2, depth=0, leaf=1)  # a new window without a pair
@given(
    seed=st.integers(0, 10_000),
    missing=st.sampled_from([0.0, 0.2]),
    depth=st.integers(0, 4),
    leaf=st.integers(1, 6),
)
def test_the_kernel_computes_what_plain_python_does(
    seed: int, missing: float, depth: int, leaf: int
) -> None:
    windows = random_windows(seed, nodes=2, count=4, samples=10, missing=missing)
    history = History(tuple(windows[:-1]), windows[-1], kept=3)
    evidence = Forest(trees=5, depth=depth, leaf=leaf).judge(history).evidence
    for node in range(2):
        kept, new = pairs_of(history.earlier_usage[node]), pairs_of(history.new.usage[node])
        before, after = plain_errors(
            kept, new, trees=5, depth=depth, leaf=leaf, draw=history.earlier_usage.shape[1] - 1
        )
        assert evidence["mae_kept"][node] == pytest.approx(before, rel=1e-9, nan_ok=True)
        assert evidence["mae_new"][node] == pytest.approx(after, rel=1e-9, nan_ok=True)


def stairs(
    x: Sequence[float], y: Sequence[float], weight: Sequence[float], depth: int, leaf: int
) -> list[tuple[float, float]]:
    """End and height of each step."""
    ends, heights = np.empty(2**depth), np.empty(2**depth)
    samples = np.array([x, y, weight], np.float64)
    steps = _grow(samples[0], samples[1], samples[2], depth, leaf, ends, heights)
    return list(zip(ends[:steps].tolist(), heights[:steps].tolist(), strict=True))


TOP = float("inf")


@pytest.mark.parametrize(
    ("depth", "leaf", "expected"),
    [
        (0, 1, [(TOP, 3.5)]),
        (1, 1, [(6.5, 0.5), (TOP, 6.5)]),
        (2, 1, [(2.5, 0.0), (6.5, 2.0), (TOP, 6.5)]),
        (2, 2, [(1.5, 0.0), (6.5, 1.0), (TOP, 6.5)]),
        (9, 5, [(TOP, 3.5)]),
    ],
)
def test_a_tree_cuts_where_two_steps_fit_best_and_keeps_leaves_large_enough(
    depth: int, leaf: int, expected: list[tuple[float, float]]
) -> None:
    weight = [2.0, 1.0, 1.0, 2.0, 2.0]
    found = stairs([1, 2, 3, 10, 10], [0, 0, 2, 6, 7], weight, depth, leaf)
    assert found == expected


def test_samples_of_one_input_are_never_cut_apart() -> None:
    assert stairs([5, 5, 5], [1, 2, 6], [1, 1, 1], 3, 1) == [(TOP, 3.0)]


def test_what_a_tree_has_taken_does_not_make_the_kept_error_small() -> None:
    """Trees that learn every pair by heart err on kept noise as on new noise."""
    rng = np.random.default_rng(3)
    windows = rng.normal(4, 0.5, (5, 20, 100))
    evidence = judged(*windows, test=Forest(depth=10, leaf=1)).evidence
    assert np.mean(evidence["mae_kept"]) == pytest.approx(np.mean(evidence["mae_new"]), rel=0.1)


def test_the_limit_is_a_share_of_the_capacity() -> None:
    windows = np.random.default_rng(1).normal(4, 1, (5, 2, 30))
    evidence = judged(*windows, test=Forest(tolerance=0.02)).evidence
    np.testing.assert_array_equal(evidence["mae_limit"], [0.16, 0.16])
    np.testing.assert_array_equal(evidence["mae"], evidence["mae_new"] - evidence["mae_kept"])


def test_usage_it_has_never_seen_is_told_as_large_as_it_is() -> None:
    kept = np.random.default_rng(2).normal(4, 0.01, (4, 1, 50))
    evidence = judged(*kept, kept[0] + 2, test=Forest()).evidence
    assert evidence["mae"][0] == pytest.approx(2, abs=0.05)


@pytest.mark.parametrize(
    ("kept", "new"),
    [
        ([[NAN, 2.0, NAN, 2.0]], [[2.0, 2.0]]),
        ([[2.0, 2.0, 2.0]], [[2.0, NAN, 2.0]]),
        ([[2.0, 2.0, 2.0]], [[2.0]]),
        ([[2.0, 2.0]], [[2.0, 2.0]]),  # every tree has taken the only pair
        ([[2.0]], [[2.0, 2.0]]),
    ],
)
def test_without_a_pair_of_samples_it_is_not_quiescent_and_says_nan(
    kept: Sequence[Sequence[float]], new: Sequence[Sequence[float]]
) -> None:
    verdict = judged(kept, new, test=Forest())
    assert verdict.quiescent.tolist() == [False]
    assert np.isnan(verdict.evidence["mae"]).all()


def test_it_is_right_on_most_generated_windows_of_a_seed_no_value_was_chosen_on() -> None:
    assert confusion(Forest(), list(labelled(seed=314, rounds=6))).matthews > 0.5


PRINT_EVIDENCE = """
import numpy as np
from scroogevm.core.history import History
from scroogevm.core.window import VMs, Window
from scroogevm.quiescence.forest import Forest
from scroogevm.traces.labelled import confusion, labelled
rng = np.random.default_rng(7)
full = np.full(20, 8.0)
windows = [Window(rng.normal(4, 1, (20, 30)), full, full, VMs.none()) for _ in range(5)]
for name, array in Forest().judge(History(windows[:-1], windows[-1], kept=4)).evidence.items():
    print(name, array.tobytes().hex())
"""


def test_every_run_and_number_of_threads_gives_the_same_bits() -> None:
    one = python(PRINT_EVIDENCE, NUMBA_NUM_THREADS="1")
    assert one.count("\n") == 4
    assert python(PRINT_EVIDENCE, NUMBA_NUM_THREADS="2") == one


def test_a_missing_library_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numba", None)
    for module in ("_forest_kernel", "_compiled"):
        monkeypatch.delitem(sys.modules, f"scroogevm.quiescence.{module}", raising=False)
    with pytest.raises(MissingExtraError, match=r"forest.*needs numba.*scroogevm\[quiescence\]"):
        QUIESCENCE.build("forest", CPU).judge(
            History((window_of([[1.0, 2.0]]),), window_of([[1.0, 2.0]]), kept=1)
        )
