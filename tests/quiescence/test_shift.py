"""The shift test against windows whose label is known, and against what it says of itself."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import NAN, random_windows, window_of
from scroogevm.core.arrays import Floats
from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.core.window import Window
from scroogevm.ports import CPU, QUIESCENCE
from scroogevm.quiescence.shift import Shift
from scroogevm.traces.labelled import FAMILIES, Labelled, confusion, labelled, read_labelled

BY_HAND = Path(__file__).parents[3] / "shared" / "quiescence" / "cases.json"
GAPS = ("level", "spread", "trend")
AHEAD = {"trend": ("gmm",), "cycle": ("gmm",)}
"""Where another test may be ahead of shift, and which: docs/explanation/quiescence.md says why."""


@cache
def cases(seed: int = 314, rounds: int = 12) -> Sequence[Labelled]:
    """Generated cases of a seed that no limit was chosen on."""
    return list(labelled(seed, rounds))


def clear_cases() -> Sequence[Labelled]:
    """Those far from the limit, on either side."""
    return [one for one in cases() if not 0.3 < one.size < 2.9]


def judged(windows: Sequence[Window]) -> Verdict:
    return Shift().judge(History(tuple(windows[:-1]), windows[-1], kept=len(windows) - 1))


def steady(seed: int = 0, nodes: int = 3, samples: int = 200) -> list[Window]:
    rng = np.random.default_rng(seed)
    return [
        window_of(rng.normal(80, 4, (nodes, samples)).tolist(), capacity=256.0) for _ in range(5)
    ]


def with_new(windows: Sequence[Window], usage: Floats) -> list[Window]:
    return [*windows[:-1], replace(windows[-1], usage=usage)]


@pytest.mark.skipif(not BY_HAND.exists(), reason="the labelled windows are not beside the project")
def test_it_agrees_with_windows_labelled_by_hand() -> None:
    seen = confusion(Shift(), read_labelled(BY_HAND, 256.0, 5.0))
    assert seen.tp + seen.fp + seen.tn + seen.fn == 30
    assert seen.accuracy >= 0.85
    assert seen.matthews >= 0.70


def matthews(name: str, some: Sequence[Labelled]) -> float:
    return confusion(QUIESCENCE.build(name, CPU), some).matthews


def test_it_is_right_more_often_than_any_other_over_all_families() -> None:
    scores = {name: matthews(name, cases()) for name in QUIESCENCE.names}
    assert max(scores, key=scores.__getitem__) == "shift"
    assert scores["shift"] > 0.7


@pytest.mark.parametrize("family", FAMILIES)
def test_it_is_right_more_often_than_the_others_in_a_family(family: str) -> None:
    some = [one for one in cases() if one.family == family]
    ours = matthews("shift", some)
    assert ours > 0.6
    for name in set(QUIESCENCE.names) - {"shift", *AHEAD.get(family, ())}:
        assert ours > matthews(name, some), name


@pytest.mark.parametrize("every", [2, 3])
def test_every_second_or_third_sample_gives_the_same_verdict_where_the_case_is_clear(
    every: int,
) -> None:
    clear = clear_cases()
    whole = [bool(Shift().judge(one.history()).quiescent[0]) for one in clear]
    thinned = [bool(Shift().judge(one.history(every)).quiescent[0]) for one in clear]
    assert set(whole) == {True, False}
    assert np.mean(np.array(whole) == np.array(thinned)) > 0.97


@pytest.mark.parametrize("value", [0.0, 256.0])
@pytest.mark.parametrize("place", [0, 4])
def test_one_outlier_flips_no_verdict(value: float, place: int) -> None:
    for shift in (0.0, 12.0):
        windows = steady()
        windows = with_new(windows, windows[-1].usage + shift)
        struck = windows[place].usage.copy()
        struck[:, 17] = value
        torn = [*windows]
        torn[place] = replace(windows[place], usage=struck)
        assert judged(windows).quiescent.tolist() == [shift == 0.0] * 3
        assert judged(torn).quiescent.tolist() == [shift == 0.0] * 3


@given(seed=st.integers(0, 10_000), missing=st.sampled_from([0.0, 0.3]))
def test_the_evidence_alone_gives_the_verdict(seed: int, missing: float) -> None:
    verdict = judged(random_windows(seed, count=5, churn=0.05, missing=missing))
    found = verdict.evidence
    again = np.logical_and.reduce([abs(found[gap]) < found[f"{gap}_limit"] for gap in GAPS])
    assert set(found) == {*GAPS, *(f"{gap}_limit" for gap in GAPS)}
    np.testing.assert_array_equal(verdict.quiescent, again)


def test_a_shift_of_level_is_told_in_cores() -> None:
    windows = steady()
    found = judged(with_new(windows, windows[0].usage + 6.2)).evidence
    np.testing.assert_allclose(found["level"], 6.2, atol=0.8)
    np.testing.assert_allclose(found["spread"], 0.0, atol=0.8)
    assert (found["level_limit"] >= 0.0125 * 256).all()
    assert (found["level"] > found["level_limit"]).all()


def test_wider_noise_is_told_as_spread_and_a_ramp_as_trend() -> None:
    windows = steady()
    usage = windows[-1].usage
    middle = usage.mean(axis=1, keepdims=True)
    wide = judged(with_new(windows, middle + 3 * (usage - middle)))
    assert (wide.evidence["spread"] > wide.evidence["spread_limit"]).all()
    assert (abs(wide.evidence["level"]) < wide.evidence["level_limit"]).all()
    ramp = np.linspace(-16, 16, usage.shape[1])
    climbing = judged(with_new(windows, usage + ramp))
    np.testing.assert_allclose(climbing.evidence["trend"], 16, atol=2)
    assert not climbing.quiescent.any()


def test_a_shape_that_every_window_has_is_no_trend() -> None:
    ramp = np.linspace(-30, 30, 200)
    windows = [replace(window, usage=window.usage + ramp) for window in steady()]
    assert judged(windows).quiescent.all()


def test_levels_that_always_differ_are_no_shift() -> None:
    wandering = [
        replace(window, usage=window.usage + offset)
        for window, offset in zip(steady(), (-8, 8, -8, 8, 8), strict=True)
    ]
    assert judged(wandering).quiescent.all()
    assert not judged(with_new(steady(), steady()[-1].usage + 8)).quiescent.any()


@given(seed=st.integers(0, 10_000))
def test_up_and_down_the_level_and_trend_are_judged_alike(seed: int) -> None:
    windows = random_windows(seed, count=5)
    mirrored = [replace(window, usage=100 - window.usage) for window in windows]
    one, other = judged(windows).evidence, judged(mirrored).evidence
    for gap in ("level", "trend"):
        np.testing.assert_allclose(one[gap], -other[gap], rtol=1e-6, atol=1e-9)
        np.testing.assert_allclose(one[f"{gap}_limit"], other[f"{gap}_limit"], rtol=1e-6)


def test_the_order_of_the_kept_windows_does_not_matter() -> None:
    windows = random_windows(6, count=5)
    one, other = judged(windows), judged([*reversed(windows[:-1]), windows[-1]])
    for name, array in one.evidence.items():
        np.testing.assert_allclose(array, other.evidence[name], rtol=1e-9, atol=1e-12)


def test_kept_samples_that_come_as_one_window_are_judged_as_if_they_came_apart() -> None:
    windows = random_windows(7, count=5)
    joined = replace(windows[0], usage=np.concatenate([w.usage for w in windows[:-1]], axis=1))
    one, other = judged(windows), judged([joined, windows[-1]])
    for name, array in one.evidence.items():
        np.testing.assert_array_equal(array, other.evidence[name])


def test_a_kept_window_without_samples_is_passed_over() -> None:
    windows = steady()
    silent = replace(windows[1], usage=np.full_like(windows[1].usage, NAN))
    without = judged([windows[0], *windows[2:]])
    with_it = judged([windows[0], silent, *windows[2:]])
    for name, array in without.evidence.items():
        np.testing.assert_allclose(array, with_it.evidence[name], rtol=1e-12)


def test_a_new_window_of_which_half_is_missing_is_not_quiescent() -> None:
    windows = steady()
    usage = windows[-1].usage.copy()
    usage[0, :100] = NAN
    assert judged(with_new(windows, usage)).quiescent.tolist() == [False, True, True]
