"""Counters become rates: what is no rate is missing."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from scroogevm.telemetry.rates import LONGEST, SHORTEST, believable, rate

counters = st.floats(0, 1e15) | st.just(float("nan"))
seconds = st.floats(-1e5, 1e5) | st.just(float("nan"))


@settings(deadline=None)
@given(now=counters, before=counters, elapsed=seconds)
def test_a_rate_is_the_difference_by_time_or_missing(
    now: float, before: float, elapsed: float
) -> None:
    found = rate(now, before, elapsed)
    if now >= before and SHORTEST <= elapsed <= LONGEST:
        assert found == (now - before) / elapsed
    else:
        assert np.isnan(found)


@settings(deadline=None)
@given(st.lists(st.tuples(counters, counters, seconds), max_size=20))
def test_an_array_is_treated_element_by_element(rows: list[tuple[float, float, float]]) -> None:
    now, before, elapsed = np.array(rows, np.float64).reshape(-1, 3).T
    found = rate(now, before, elapsed)
    np.testing.assert_array_equal(found, [rate(*row) for row in rows])


@settings(deadline=None)
@given(elapsed=st.floats(-1e4, 1e4), passed=st.floats(-1e4, 1e4))
def test_two_clocks_are_believed_in_either_order_and_never_when_one_stands_still(
    elapsed: float, passed: float
) -> None:
    assert believable(elapsed, passed) == believable(passed, elapsed)
    if min(elapsed, passed) <= 0:
        assert not believable(elapsed, passed)
    if elapsed == passed > 0:
        assert believable(elapsed, passed)


def test_a_rate_by_a_believed_clock_is_never_many_times_the_true_one() -> None:
    passed = np.geomspace(2, 100, 50)[:, np.newaxis]
    elapsed = np.geomspace(0.01, 1000, 500)
    believed = believable(elapsed, passed)
    assert (passed / elapsed * believed).max() <= 5
