"""The mixture against a plain one, and what its rule does in plain cases."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import NAN, random_windows, some_nodes, window_of
from quiescence import plain_mixture as plain
from scroogevm.core.arrays import Floats
from scroogevm.core.estimate import Verdict
from scroogevm.core.history import History
from scroogevm.core.window import Window
from scroogevm.quiescence._mixture import Mixture
from scroogevm.quiescence.gmm import Gmm
from scroogevm.traces.labelled import confusion, labelled

TIME = (np.arange(40) + 0.5) / 40


def judged(windows: Sequence[Window], test: Gmm | None = None) -> Verdict:
    return (test or Gmm()).judge(History(tuple(windows[:-1]), windows[-1], kept=4))


def normal_windows(
    seed: int = 0, *, nodes: int = 3, samples: int = 200, shape: Floats | float = 0.0
) -> list[Window]:
    rng = np.random.default_rng(seed)
    usage = shape + rng.normal(80, 4, (5, nodes, samples))
    return [window_of(one.tolist(), capacity=256.0) for one in usage]


def with_new(windows: Sequence[Window], usage: Floats) -> list[Window]:
    return [*windows[:-1], replace(windows[-1], usage=usage)]


@pytest.mark.parametrize("missing", [0.0, 0.2])
@pytest.mark.parametrize(("components", "rounds"), [(1, 0), (1, 3), (3, 0), (3, 1), (3, 6)])
def test_all_nodes_at_once_are_fitted_as_each_is_plainly(
    missing: float, components: int, rounds: int
) -> None:
    rng = np.random.default_rng(1)
    time = np.tile(TIME, 2)
    usage = 0.3 + 0.2 * np.sin(6 * time) + rng.normal(0, 0.05, (4, 80))
    usage[rng.random(usage.shape) < missing] = NAN
    mixture = Mixture.fit(time, usage, components, rounds)
    for node in range(4):
        normals = plain.fitted(time, usage[node], components, rounds)
        for number, one in enumerate(normals):
            covariance = [[mixture.tt, mixture.tu], [mixture.tu, mixture.uu]]
            found = np.array([[row[node, number] for row in rows] for rows in covariance])
            assert mixture.weight[node, number] == pytest.approx(one.weight, rel=1e-8)
            assert mixture.t[node, number] == pytest.approx(one.mean[0], rel=1e-8)
            assert mixture.u[node, number] == pytest.approx(one.mean[1], rel=1e-8)
            np.testing.assert_allclose(found, one.covariance, rtol=1e-7, atol=1e-12)
        curve = [plain.usage_at(normals, t) for t in TIME]
        np.testing.assert_allclose(mixture.usage_at(TIME)[node], curve, rtol=1e-8)


def test_a_single_component_is_a_straight_line() -> None:
    usage = 0.2 + 0.5 * TIME + np.random.default_rng(2).normal(0, 0.1, (1, 40))
    line = np.polyval(np.polyfit(TIME, usage[0], 1), TIME)
    np.testing.assert_allclose(Mixture.fit(TIME, usage, 1, 5).usage_at(TIME)[0], line, rtol=1e-4)


def test_the_kept_error_is_as_large_as_that_on_windows_it_was_not_fitted_to() -> None:
    """Many components and few samples: uncorrected, the kept error would be a quarter less."""
    evidence = judged(normal_windows(3, nodes=400, samples=12), Gmm(components=6)).evidence
    kept, new = (np.mean(evidence[name]) for name in ("mae_kept", "mae_new"))
    assert kept == pytest.approx(new, rel=0.05)


def test_a_shape_that_every_window_has_is_expected_of_the_new_one() -> None:
    wave = 30 * np.sin(2 * np.pi * np.arange(200) / 200)
    windows = normal_windows(shape=wave)
    assert judged(windows).quiescent.all()
    assert not judged(with_new(windows, windows[-1].usage - wave)).quiescent.any()
    assert not judged(with_new(windows, windows[-1].usage[:, ::-1])).quiescent.any()


@pytest.mark.parametrize(
    ("factor", "shift", "sign"), [(1, 20, 1), (1, -20, 1), (3, 0, 1), (0, 0, -1)]
)
def test_another_level_and_wider_noise_err_more_and_no_noise_less(
    factor: float, shift: float, sign: float
) -> None:
    windows = normal_windows()
    verdict = judged(with_new(windows, 80 + shift + factor * (windows[-1].usage - 80)))
    assert not verdict.quiescent.any()
    assert (np.sign(verdict.evidence["mae"]) == sign).all()


def test_the_limit_is_a_share_of_the_capacity() -> None:
    evidence = judged(normal_windows(), Gmm(tolerance=0.02)).evidence
    np.testing.assert_array_equal(evidence["mae_limit"], [5.12] * 3)
    np.testing.assert_array_equal(evidence["mae"], evidence["mae_new"] - evidence["mae_kept"])


def test_a_node_gets_the_same_verdict_wherever_it_stands_in_a_fleet() -> None:
    windows = normal_windows(nodes=50, samples=30)
    together = judged(windows).evidence["mae"]
    for node in (0, 15, 16, 49):
        alone = judged([some_nodes(window, [node]) for window in windows]).evidence["mae"]
        assert alone[0] == pytest.approx(together[node], rel=1e-9)


def test_kept_samples_that_come_as_one_window_are_judged_as_if_they_came_apart() -> None:
    windows = random_windows(7, count=5)
    joined = replace(windows[0], usage=np.concatenate([w.usage for w in windows[:-1]], axis=1))
    one, other = judged(windows), judged([joined, windows[-1]])
    for name, array in one.evidence.items():
        np.testing.assert_array_equal(array, other.evidence[name])


def test_eight_kept_samples_are_too_few_for_four_components() -> None:
    for samples, known in ((8, False), (9, True)):
        windows = window_of([([2.0, 3.0, 2.5] * 3)[:samples]]), window_of([[2.0, 2.5]])
        verdict = judged(windows)
        assert np.isfinite(verdict.evidence["mae"]).tolist() == [known]
        assert known or not verdict.quiescent.any()


def test_a_window_without_samples_at_one_end_is_judged_by_the_rest() -> None:
    windows = normal_windows()
    for window in windows:
        window.usage[0, :100] = NAN
    assert judged(windows).quiescent.all()


@given(
    level=st.sampled_from([0.0, 1e-9, 1.0, 1e3, 1e9]),
    spread=st.sampled_from([0.0, 1e-9, 1.0, 1e6]),
    capacity=st.sampled_from([0.0, 1e-9, 1.0, 1e9]),
)
def test_no_size_of_usage_or_capacity_makes_it_stumble(
    level: float, spread: float, capacity: float
) -> None:
    rng = np.random.default_rng(5)
    usage = level + spread * rng.random((5, 2, 20))
    windows = [window_of(one.tolist(), capacity=capacity) for one in usage]
    verdict = judged(windows)
    assert np.isfinite(verdict.evidence["mae"]).all() == (capacity > 0)
    if not capacity:
        assert not verdict.quiescent.any()


def test_it_is_right_on_most_generated_windows_of_a_seed_no_value_was_chosen_on() -> None:
    assert confusion(Gmm(), list(labelled(seed=314, rounds=6))).matthews > 0.6
