"""Levelling: what is taken, from whom, and no more than there is."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scroogevm.balloon.level import level, level_in_pieces
from scroogevm.core.arrays import Floats


def drawn(seed: int) -> tuple[Floats, Floats, Floats, float, Floats]:
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 9))
    spare = np.round(random.uniform(-50, 100, count))
    cap = np.maximum(0.0, np.minimum(spare, random.uniform(0, 80, count)))
    share = random.choice([0.5, 1.0, 3.0], count)
    return spare, share, cap, float(random.uniform(-10, 1.2 * cap.sum() + 1)), 0.2 * cap


@given(seed=st.integers(0, 2**32 - 1))
def test_the_total_is_taken_where_there_is_so_much(seed: int) -> None:
    spare, share, cap, total, smallest = drawn(seed)
    taken = level(spare, share, cap, total)
    np.testing.assert_allclose(taken.sum(), np.clip(total, 0, cap.sum()), atol=1e-9)
    assert np.all((taken >= 0) & (taken <= cap))
    pieces = level_in_pieces(spare, share, cap, total, smallest)
    assert pieces.sum() <= taken.sum() + 1e-9
    assert np.all((pieces == 0) | (pieces >= smallest))


@given(seed=st.integers(0, 2**32 - 1), less=st.floats(0, 100))
def test_who_has_less_to_spare_gives_no_more_and_the_others_no_less(seed: int, less: float) -> None:
    spare, share, cap, total, _ = drawn(seed)
    before = level(spare, share, cap, total)
    spare[0] -= less
    cap[0] = max(0.0, min(cap[0], spare[0]))
    after = level(spare, share, cap, total)
    assert after[0] <= before[0] + 1e-9
    assert np.all(after[1:] >= before[1:] - 1e-9)


def test_all_are_left_with_the_same_for_each_share() -> None:
    taken = level(np.array([90.0, 60.0, 10.0]), np.array([2.0, 1.0, 1.0]), np.full(3, 99.0), 75.0)
    np.testing.assert_allclose(np.array([90.0, 60.0]) - taken[:2], [50.0, 25.0])
    assert taken[2] == 0
