"""Percentiles out of bins are near those of the values, and adding up in any order is the same."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scroogevm.core.arrays import Floats, Ints
from scroogevm.core.sketch import BINS, LEAST, MOST, RELATIVE_ERROR, Sketch

Given = list[tuple[int, float]]
VALUES = st.lists(
    st.tuples(st.integers(0, 3), st.one_of(st.just(0.0), st.floats(1e-6, 1e3), st.just(np.nan))),
    max_size=60,
)


def sketch_of(pairs: Given) -> Sketch:
    sketch = Sketch()
    for cell, value in pairs:
        sketch.add(np.array([value]), np.array([cell]))
    return sketch.compact()


def numbers_of(pairs: Given) -> Ints:
    known = [cell for cell, value in pairs if not np.isnan(value)]
    return np.bincount(np.array(known, np.int64), minlength=4)


@given(VALUES, st.sampled_from([0, 1, 50, 90, 99, 100]))
def test_percentiles_are_off_by_no_more_than_is_said(pairs: Given, p: float) -> None:
    found = sketch_of(pairs).percentile(p, numbers_of(pairs))
    for cell in range(4):
        mine = [value for owner, value in pairs if owner == cell and not np.isnan(value)]
        expected = np.percentile(mine, p) if mine else np.nan
        assert found[cell] == pytest.approx(expected, rel=RELATIVE_ERROR, nan_ok=True)


@given(VALUES, st.randoms(use_true_random=False), st.integers(0, 60))
def test_any_order_and_any_split_give_the_same_bits(pairs: Given, random: object, cut: int) -> None:
    whole = sketch_of(pairs)
    mixed = list(pairs)
    random.shuffle(mixed)  # type: ignore[attr-defined]  # hypothesis calls it object
    parts = [sketch_of(mixed[:cut]), sketch_of(mixed[cut:])]
    for order in (parts, parts[::-1]):
        together = Sketch()
        for part in order:
            together.merge(part, np.arange(4))
        assert together.keys.tobytes() == whole.keys.tobytes()
        assert together.counts.tobytes() == whole.counts.tobytes()


def spread(size: int) -> Floats:
    return np.random.default_rng(size).lognormal(-5, 2, size)


def test_memory_is_bounded_by_bins_and_not_by_values() -> None:
    few, many = Sketch(), Sketch()
    for _ in range(5):
        few.add(spread(20_000), np.zeros(20_000, np.int64))
    for _ in range(50):
        many.add(spread(20_000), np.zeros(20_000, np.int64))
    assert many.compact().keys.size == few.compact().keys.size < BINS
    assert many.counts.sum() == 10 * few.counts.sum()


def test_what_is_beyond_the_bins_is_counted_in_the_last_ones() -> None:
    sketch = Sketch()
    sketch.add(np.array([LEAST / 1e6, 1e-300, MOST * 1e6, np.inf]), np.zeros(4, np.int64))
    assert sketch.compact().keys.tolist() == [0, BINS - 1]
    assert sketch.counts.tolist() == [2, 2]
    assert 0 < sketch.percentile(0, np.array([4]))[0] < 2 * LEAST


def test_zeros_and_what_is_missing_take_no_memory() -> None:
    sketch = Sketch()
    sketch.add(np.array([0.0, -1.0, np.nan]), np.zeros(3, np.int64))
    assert not sketch.compact().keys.size
    assert sketch.percentile(99, np.array([2, 0])).tolist() == pytest.approx(
        [0, np.nan], nan_ok=True
    )


def test_cells_can_be_put_together() -> None:
    pairs = [(0, 1.0), (1, 2.0), (2, 4.0), (3, 8.0)]
    together = Sketch()
    together.merge(sketch_of(pairs), np.array([0, 0, 1, 1]))
    found = together.percentile(100, np.array([2, 2]))
    assert found.tolist() == pytest.approx([2.0, 8.0], rel=RELATIVE_ERROR)
