"""The statistics against NumPy's own, with and without missing samples."""

import warnings
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from scroogevm.core import statistics
from scroogevm.core.arrays import Floats
from scroogevm.core.statistics import Ranked, aggregate, count, divide, percentile_of_largest

SAMPLES = st.one_of(st.just(np.nan), st.floats(-1e6, 1e6, width=32), st.sampled_from([0.0, 1.0]))
ROWS = arrays(np.float64, array_shapes(min_dims=2, max_dims=2, max_side=9), elements=SAMPLES)
WHOLE = arrays(
    np.float64,
    array_shapes(min_dims=2, max_dims=2, max_side=9),
    elements=st.floats(-1e6, 1e6, width=32),
)
PERCENTS = st.one_of(st.floats(0, 100), st.sampled_from([0.0, 10.0, 50.0, 90.0, 99.0, 100.0]))


def quietly(function: Callable[..., Floats], *arguments: object, **more: object) -> Floats:
    """NumPy's answer without its warning about rows that have no sample."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.asarray(function(*arguments, **more))


def close(ours: Floats, theirs: Floats) -> None:
    np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-9, equal_nan=True)


@given(st.one_of(ROWS, WHOLE))
def test_mean_std_maximum_and_count_agree_with_numpy_on_present_samples(values: Floats) -> None:
    close(statistics.mean(values), quietly(np.nanmean, values, axis=1))
    close(statistics.std(values), quietly(np.nanstd, values, axis=1))
    close(statistics.maximum(values), quietly(np.nanmax, values, axis=1))
    assert count(values).tolist() == (~np.isnan(values)).sum(axis=1).tolist()


@given(st.one_of(ROWS, WHOLE), PERCENTS)
def test_percentile_agrees_with_numpy_on_present_samples(values: Floats, p: float) -> None:
    close(statistics.percentile(values, p), quietly(np.nanpercentile, values, p, axis=1))


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_statistics_agree_with_numpy_to_1e_12_relative_on_large_rows(missing: float) -> None:
    rng = np.random.default_rng(3)
    values = rng.gamma(2.0, 10.0, (20, 1440))
    values[rng.random(values.shape) < missing] = np.nan
    pairs = [
        (statistics.mean(values), np.nanmean(values, axis=1)),
        (statistics.std(values), np.nanstd(values, axis=1)),
        (statistics.maximum(values), np.nanmax(values, axis=1)),
    ]
    ranked = Ranked.of(values)
    percents = (0, 0.1, 1, 12.5, 33.3, 50, 66.6, 90, 95, 99, 99.9, 99.99, 100)
    pairs += [(ranked.percentile(p), np.nanpercentile(values, p, axis=1)) for p in percents]
    for ours, theirs in pairs:
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=0)


def test_a_large_offset_does_not_swallow_a_small_deviation() -> None:
    values = 1e9 + np.array([[0.0, 1.0, 2.0, 3.0]])
    np.testing.assert_allclose(statistics.std(values), [np.sqrt(1.25)], rtol=1e-12)


def test_a_row_without_samples_says_nothing_and_touches_no_other() -> None:
    values = np.array([[np.nan, np.nan], [1.0, 3.0]])
    for function, expected in (
        (statistics.mean, 2.0),
        (statistics.std, 1.0),
        (statistics.maximum, 3.0),
    ):
        answer = function(values)
        assert np.isnan(answer[0])
        assert answer[1] == expected


@pytest.mark.parametrize("shape", [(0, 4), (3, 0), (0, 0)])
def test_no_rows_or_no_samples_give_empty_or_missing_answers(shape: tuple[int, int]) -> None:
    values = np.empty(shape)
    for function in (statistics.mean, statistics.std, statistics.maximum):
        answer = function(values)
        assert answer.shape == shape[:1]
        assert np.isnan(answer).all()
    ranked = Ranked.of(values)
    assert ranked.percentile(90).shape == shape[:1]
    assert np.isnan(ranked.percentile(90)).all()
    assert aggregate(values, 2).shape == (shape[0], shape[1] // 2)


@given(ROWS, st.integers(0, 12))
def test_largest_holds_the_largest_samples_in_ascending_order(values: Floats, size: int) -> None:
    ranked = Ranked.of(values)
    expected = np.sort(np.where(np.isnan(values), -np.inf, values), axis=1)[:, ::-1][:, :size]
    assert np.array_equal(ranked.largest(size), expected[:, ::-1])
    assert ranked.present.tolist() == count(values).tolist()
    assert ranked.width == values.shape[1]


@given(WHOLE, PERCENTS)
def test_a_percentile_needs_only_the_samples_from_its_rank_upwards(
    values: Floats, p: float
) -> None:
    width = values.shape[1]
    needed = width - int(np.floor(p / 100 * (width - 1)))
    largest = Ranked.of(values).largest(needed)
    answer = percentile_of_largest(largest, count(values), p)
    assert np.array_equal(answer, Ranked.of(values).percentile(p))


def test_ranking_leaves_its_input_as_it_was() -> None:
    values = np.array([[3.0, 1.0, 2.0]])
    Ranked.of(values)
    assert values.tolist() == [[3.0, 1.0, 2.0]]


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (1, [1.0, 2.0, 3.0, 4.0, 5.0]),
        (2, [1.5, 3.5]),  # the fifth sample is an incomplete last group
        (3, [2.0]),  # likewise the fourth and fifth
        (5, [3.0]),
        (9, [3.0]),  # one incomplete group is all there is, so it stays
    ],
)
def test_aggregate_drops_an_incomplete_last_group_only_behind_others(
    size: int, expected: list[float]
) -> None:
    assert aggregate(np.array([[1.0, 2.0, 3.0, 4.0, 5.0]]), size).tolist() == [expected]


def test_aggregate_takes_the_mean_of_the_present_samples_of_a_group() -> None:
    values = np.array([[1.0, np.nan, np.nan, np.nan], [1.0, 3.0, 5.0, 7.0]])
    np.testing.assert_array_equal(aggregate(values, 2), [[1.0, np.nan], [2.0, 6.0]])


@given(ROWS, st.integers(1, 12))
def test_aggregate_follows_the_rule_group_by_group(values: Floats, size: int) -> None:
    for row, ours in zip(values, aggregate(values, size), strict=True):
        groups = [row[i : i + size] for i in range(0, row.size, size)]
        if len(groups) > 1 and groups[-1].size < size:
            groups.pop()
        close(ours, np.array([quietly(np.nanmean, group) for group in groups]))


def test_divide_gives_nan_where_the_number_is_zero() -> None:
    answer = divide(np.array([1.0, 0.0, 3.0]), np.array([2, 0, 0]))
    np.testing.assert_array_equal(answer, [0.5, np.nan, np.nan])
