"""A ratio never lets Placement hand out more than the offer, nor less than what is used."""

from hypothesis import given
from hypothesis import strategies as st

from scroogevm.openstack.ratio import RatioBounds, accepted, never_above, never_below, target

nets = st.integers(1, 4_000_000)
shares = st.floats(0, 4, allow_nan=False)


@given(nets, shares)
def test_no_more_than_the_limit_and_two_decimals(net: int, share: float) -> None:
    limit = share * net
    ratio = never_above(net, limit)
    assert accepted(net, ratio) <= limit
    assert round(ratio, 2) == ratio
    # No ratio of two decimals that is a hundredth larger would do, nearly always: where it would,
    # a database of 32 bits rounds it up.
    assert ratio + 0.02 > limit / net


@given(nets, shares)
def test_no_less_than_what_has_to_stay_and_hardly_more(net: int, share: float) -> None:
    need = int(share * net)
    ratio = never_below(net, need)
    assert ratio > 0
    assert need <= accepted(net, ratio) <= need + 1 + need // 50_000
    assert float(f"{ratio:.6g}") == ratio  # all of what MySQL gives back


@given(
    net=st.integers(1, 2_000_000),
    used=st.floats(0, 2),
    told=st.floats(0, 2),
    free=st.floats(0, 3),
    high=st.floats(0.5, 16),
)
def test_what_placement_accepts_is_the_offer_or_what_is_used(
    net: int, used: float, told: float, free: float, high: float
) -> None:
    units = int(used * net)
    found = target(net, units, told * net, free * net, RatioBounds(high=round(high, 2)))
    most = accepted(net, found.ratio)
    assert found.ratio > 0
    # What the telemetry saw and what is free, whatever Placement counts besides.
    assert most <= max(told * net + free * net, units + 1 + units // 50_000)
    assert most >= units
    assert found.ratio <= max(round(high, 2), never_below(net, units))


@given(st.integers(1, 500_000), st.floats(0, 2), st.floats(0, 3), st.floats(0, 3))
def test_more_free_never_gives_less(net: int, told: float, one: float, two: float) -> None:
    less, more = sorted((one, two))
    used = int(told * net)
    bounds = RatioBounds(below_used=True)
    small = target(net, used, told * net, less * net, bounds).ratio
    assert small <= target(net, used, told * net, more * net, bounds).ratio


def test_units_come_from_what_is_free_where_placement_counts_more() -> None:
    # 10 units were promised, 20 are free; 4 went to a VM since: 16 are left.
    assert target(64, 14, 10, 20, RatioBounds()).limit == 30
    # Where it counts less, no more than 20 are free all the same.
    assert target(64, 6, 10, 20, RatioBounds()).limit == 26


def test_bounds_hold_and_say_so() -> None:
    assert target(64, 0, 0, 640, RatioBounds(high=2.0)).bound == "high"
    assert target(64, 0, 0, 640, RatioBounds(high=2.0)).ratio == 2.0
    assert accepted(64, target(64, 32, 32, 0, RatioBounds(headroom=4)).ratio) == 36
    assert target(64, 32, 32, 0, RatioBounds(low=1.0)).ratio == 1.0
    assert target(64, 32, 10, 0, RatioBounds(below_used=True)).ratio == 0.15
