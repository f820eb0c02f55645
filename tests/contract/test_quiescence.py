"""What every quiescence test of the registry keeps to."""

import doctest
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_ind_from_stats

from helpers import NAN, random_windows, scaled, some_nodes, window_of
from scroogevm.core.estimate import LIMIT, Verdict
from scroogevm.core.history import History
from scroogevm.core.window import Window
from scroogevm.errors import SpecError
from scroogevm.ports import CPU, QUIESCENCE, STRATEGIES, QuiescenceTest
from scroogevm.registry import Parameter, parameters

every_test = pytest.mark.parametrize("name", QUIESCENCE.names)


def judged(name: str, windows: Sequence[Window]) -> Verdict:
    """The verdict on the last window, the others being the kept ones."""
    test: QuiescenceTest = QUIESCENCE.build(name, CPU)
    return test.judge(History(tuple(windows[:-1]), windows[-1], kept=4))


@every_test
def test_answers_one_verdict_a_node_with_its_evidence(name: str) -> None:
    verdict = judged(name, random_windows(count=5))
    assert verdict.quiescent.dtype == np.bool_
    assert verdict.quiescent.shape == (3,)
    assert verdict.evidence
    for array in verdict.evidence.values():
        assert array.dtype == np.float64
        assert array.shape == (3,)


@every_test
def test_who_has_the_evidence_has_the_verdict(name: str) -> None:
    found = set()
    for seed in range(20):
        shift = [0.0, 1.0, -1.0][seed % 3]
        windows = random_windows(seed, count=5, churn=0.02, missing=0.2 * (seed % 2))
        new = replace(windows[-1], usage=np.maximum(0, windows[-1].usage + shift))
        verdict = judged(name, [*windows[:-1], new])
        gaps = [gap for gap in verdict.evidence if f"{gap}{LIMIT}" in verdict.evidence]
        below = [abs(verdict.evidence[g]) < verdict.evidence[f"{g}{LIMIT}"] for g in gaps]
        np.testing.assert_array_equal(np.logical_and.reduce(below), verdict.quiescent)
        found |= set(verdict.quiescent.tolist())
    assert found == {True, False}


@every_test
def test_gaps_and_limits_are_in_the_unit_of_the_resource(name: str) -> None:
    windows = random_windows(5, count=5, churn=0.02)
    one, other = judged(name, windows), judged(name, [scaled(w, 64.0) for w in windows])
    for gap in [gap for gap in one.evidence if f"{gap}{LIMIT}" in one.evidence]:
        for key in (gap, f"{gap}{LIMIT}"):
            np.testing.assert_allclose(other.evidence[key], 64 * one.evidence[key], rtol=1e-6)


@every_test
def test_a_window_with_more_has_gaps_above_zero(name: str) -> None:
    rng = np.random.default_rng(6)
    windows = [window_of(rng.normal(4.0, 0.2, (1, 200)).tolist(), capacity=64.0) for _ in range(5)]
    for factor, sign in ((3.0, 1.0), (0.25, -1.0)):
        new = replace(windows[-1], usage=4.0 + (windows[-1].usage - 4.0) * factor + 3 * sign)
        evidence = judged(name, [*windows[:-1], new]).evidence
        gaps = {gap: evidence[gap][0] for gap in evidence if f"{gap}{LIMIT}" in evidence}
        first = next(iter(gaps))  # errors of a forecast are larger for any change
        assert gaps[first] * (sign if first in ("mean", "percentile", "level") else 1.0) > 0


@every_test
def test_a_node_is_judged_alone_as_in_company(name: str) -> None:
    windows = random_windows(1, count=5, missing=0.2)
    together = judged(name, windows)
    for node in range(3):
        alone = judged(name, [some_nodes(window, [node]) for window in windows])
        assert alone.quiescent[0] == together.quiescent[node]
        for key, array in together.evidence.items():
            np.testing.assert_allclose(alone.evidence[key][0], array[node], rtol=1e-9, atol=1e-12)


@every_test
def test_the_same_windows_give_the_same_verdict_and_stay_as_they_were(name: str) -> None:
    windows = random_windows(2, count=5)
    before = [window.usage.copy() for window in windows]
    one, other = judged(name, windows), judged(name, windows)
    np.testing.assert_array_equal(one.quiescent, other.quiescent)
    for window, usage in zip(windows, before, strict=True):
        np.testing.assert_array_equal(window.usage, usage)


@every_test
@pytest.mark.parametrize("factor", [1 / 1024, 64.0])
def test_another_unit_does_not_change_the_verdict(name: str, factor: float) -> None:
    for seed in range(10):
        windows = random_windows(seed, count=5, churn=0.02)
        plain = judged(name, windows).quiescent
        assert np.array_equal(judged(name, [scaled(w, factor) for w in windows]).quiescent, plain)


@every_test
def test_a_node_without_samples_is_not_quiescent_and_touches_no_other(name: str) -> None:
    windows = random_windows(3, count=5)
    silent = replace(windows[-1], usage=windows[-1].usage.copy())
    silent.usage[1] = NAN
    whole, torn = judged(name, windows), judged(name, [*windows[:-1], silent])
    assert not torn.quiescent[1]
    assert torn.quiescent[[0, 2]].tolist() == whole.quiescent[[0, 2]].tolist()


@every_test
def test_a_first_window_is_not_quiescent(name: str) -> None:
    assert not judged(name, random_windows(count=1)).quiescent.any()


@every_test
def test_a_steady_node_is_quiescent_and_one_that_doubles_is_not(name: str) -> None:
    rng = np.random.default_rng(4)
    steady = [window_of(rng.normal(4.0, 0.2, (2, 200)).tolist(), capacity=16.0) for _ in range(4)]
    usage = np.concatenate([steady[0].usage[:1], 2 * steady[0].usage[1:]])
    assert judged(name, [*steady, replace(steady[0], usage=usage)]).quiescent.tolist() == [
        True,
        False,
    ]


@every_test
def test_it_says_formula_source_and_parameters_and_shows_an_example(
    name: str,
) -> None:
    plugin = QUIESCENCE.load(name)
    assert plugin.formula
    assert plugin.source
    examples = doctest.DocTestFinder(recurse=False).find(plugin, name)
    assert examples[0].examples, "the docstring shows no example"
    assert all(item.meaning for item in parameters(plugin))


NUMBERS = [
    pytest.param(name, item, id=f"{name}-{item.name}")
    for name in QUIESCENCE.names
    for item in parameters(QUIESCENCE.load(name))
    if item.kind in ("float", "int")
]


@pytest.mark.parametrize(("name", "item"), NUMBERS)
def test_every_number_refuses_what_is_out_of_its_range(name: str, item: Parameter) -> None:
    built = QUIESCENCE.build(name)
    wrong = [NAN, float("inf"), float("-inf")]
    wrong += [] if item.low is None else [item.low - 1]
    wrong += [] if item.high is None else [item.high + 1]
    for value in wrong:
        with pytest.raises(SpecError, match=item.name):
            replace(built, **{item.name: value})


@every_test
def test_greedy_takes_it_by_name(name: str) -> None:
    greedy = STRATEGIES.build(f"greedy:quiescence={name}", CPU)
    assert type(greedy.quiescence) is QUIESCENCE.load(name)


@given(
    seed=st.integers(0, 10_000),
    shift=st.sampled_from([0.0, 0.05, 0.5]),
    missing=st.sampled_from([0.0, 0.3]),
)
def test_t_test_agrees_with_scipy(seed: int, shift: float, missing: float) -> None:
    rng = np.random.default_rng(seed)
    windows = [window_of(rng.normal(4.0, 1.0, (3, 10)).tolist()) for _ in range(5)]
    new = replace(windows[-1], usage=windows[-1].usage + shift)
    new.usage[rng.random(new.usage.shape) < missing] = NAN
    verdict = judged("t-test", [*windows[:-1], new])
    for node in range(3):
        kept = np.concatenate([window.usage[node] for window in windows[:-1]])
        now = new.usage[node][~np.isnan(new.usage[node])]
        if now.size:
            p = ttest_ind_from_stats(
                kept.mean(), kept.std(), kept.size, now.mean(), now.std(), now.size
            ).pvalue
            np.testing.assert_allclose(verdict.evidence["p"][node], p, rtol=1e-9, atol=1e-12)
            assert verdict.quiescent[node] == (p >= 0.1)


def test_mean_band_by_hand() -> None:
    kept = window_of([[2.0, 4.0]] * 4)  # mean 3, deviation 1
    new = window_of([[3.9], [2.1], [4.0], [2.0]])
    assert judged("mean-band", [kept, new]).quiescent.tolist() == [True, True, False, False]


def test_percentile_band_by_hand() -> None:
    kept = window_of([[10.0, 10.0]] * 4)
    new = window_of([[9.1], [10.9], [9.0], [11.1]])
    assert judged("percentile-band", [kept, new]).quiescent.tolist() == [True, True, False, False]
