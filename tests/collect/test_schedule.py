"""When nodes are scraped: steady, spread, never twice, and ever less where they fail."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scroogevm.collect.schedule import LONGEST_PAUSE, next_tick, pause, phase, time_limit

intervals = st.floats(0.05, 3600)
times = st.floats(0, 1e9)
shares = st.floats(0, 1, exclude_max=True)


@given(st.text(), intervals)
def test_a_phase_lies_in_the_interval_and_stays(name: str, interval: float) -> None:
    assert 0 <= phase(name, interval) < interval
    assert phase(name, interval) == phase(name, interval)


def test_phases_of_a_fleet_are_spread() -> None:
    found = sorted(phase(f"node{number}", 1.0) for number in range(1000))
    assert max(after - before for before, after in pairwise(found)) < 0.02


@given(times, intervals, shares)
def test_the_next_tick_is_on_the_grid_and_less_than_an_interval_away(
    now: float, interval: float, share: float
) -> None:
    first = share * interval
    tick = next_tick(now, interval, first)
    steps = (tick - first) / interval
    slack = 1e-5 * interval + 1e-6
    assert abs(steps - round(steps)) < 1e-3
    assert now - slack <= tick - 1e-9 * interval <= now + interval + slack


@given(st.integers(0, 10**6), intervals, shares, shares)
def test_ticks_follow_one_another_however_late_each_is_noticed(
    number: int, interval: float, share: float, late: float
) -> None:
    first = share * interval
    tick = first + number * interval
    noticed = tick + 0.99 * late * interval
    assert abs(next_tick(noticed, interval, first) - (tick + interval)) < 1e-3 * interval


@given(st.integers(1, 10**6), intervals, shares)
def test_pauses_grow_and_are_bounded(failures: int, interval: float, draw: float) -> None:
    found = pause(failures, interval, draw)
    assert interval / 2 <= found <= max(interval, LONGEST_PAUSE)
    assert found <= pause(failures + 1, interval, draw)


@given(st.floats(0.05, 600), intervals)
def test_a_scrape_ends_before_the_next_one_begins(wanted: float, interval: float) -> None:
    assert 0 < time_limit(wanted, interval) < interval
