"""Windows and the VMs in them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import NAN, random_windows, vms_of, window_of
from scroogevm.core.arrays import Floats, Ints
from scroogevm.core.window import VMs, find, take

IDS = st.lists(st.integers(0, 20), unique=True).map(lambda ids: np.array(sorted(ids), np.int64))


@given(IDS, IDS)
def test_find_gives_the_position_or_minus_one(among: Ints, ids: Ints) -> None:
    listed = among.tolist()
    expected = [listed.index(i) if i in listed else -1 for i in ids.tolist()]
    assert find(among, ids).tolist() == expected
    values: Floats = among * np.float64(10)
    taken = [values[row] if row >= 0 else -7.0 for row in expected]
    assert take(values, find(among, ids), -7.0).tolist() == taken


def test_take_from_nothing_gives_what_stands_for_absent() -> None:
    rows = np.array([-1, -1])
    assert take(np.empty(0), rows, 3.0).tolist() == [3.0, 3.0]
    assert take(np.empty((0, 2)), rows, 3.0).tolist() == [[3.0, 3.0], [3.0, 3.0]]
    assert take(np.empty((0, 2)), np.empty(0, np.int64), 3.0).shape == (0, 2)


def test_take_does_not_write_into_its_source() -> None:
    values = np.array([1.0, 2.0])
    take(values, np.array([-1, 0]), 9.0)
    assert values.tolist() == [1.0, 2.0]


def test_vms_sum_up_per_node_in_any_order() -> None:
    vms = vms_of({1: (2, 4.0, [1, 2]), 5: (0, 2.0, [3, 4]), 9: (2, 1.0, [5, 6])})
    assert vms.per_node(vms.allocated, 4).tolist() == [2.0, 0.0, 5.0, 0.0]
    assert vms.sum_rows(vms.usage, 4).tolist() == [[3, 4], [0, 0], [6, 8], [0, 0]]


@given(st.integers(0, 1000))
def test_summing_rows_is_summing_each_column(seed: int) -> None:
    window = random_windows(seed, nodes=4, count=1, samples=3)[0]
    rows = window.vms.sum_rows(window.vms.usage, 4)
    for column in range(3):
        expected = window.vms.per_node(window.vms.usage[:, column], 4)
        np.testing.assert_allclose(rows[:, column], expected, rtol=1e-12)


def test_no_vms_sum_to_zero_on_every_node() -> None:
    none = VMs.none()
    assert none.per_node(none.allocated, 3).tolist() == [0.0, 0.0, 0.0]
    assert none.sum_rows(np.empty((0, 2)), 3).tolist() == [[0, 0], [0, 0], [0, 0]]


def test_a_vm_without_samples_spoils_the_sum_of_its_own_node_only() -> None:
    vms = vms_of({0: (0, 1.0, [NAN]), 1: (0, 1.0, [1.0]), 2: (1, 1.0, [2.0])})
    total = vms.per_node(vms.usage[:, 0], 2)
    assert np.isnan(total[0])
    assert total[1] == 2.0


def test_capped_usage_stops_at_the_allocation() -> None:
    capped = vms_of({0: (0, 2.0, [1.0, 3.0, NAN])}).capped
    np.testing.assert_array_equal(capped, [[1.0, 2.0, NAN]])


def test_statistics_are_of_aggregated_samples_and_present_counts_raw_ones() -> None:
    window = window_of([[1.0, 3.0, 5.0, 7.0, 100.0]], aggregation=2)
    assert window.present.tolist() == [5]
    assert window.mean.tolist() == [4.0]
    assert window.std.tolist() == [2.0]
    assert window.maximum.tolist() == [6.0]
    assert window.p99.tolist() == pytest.approx([2 + 0.99 * 4])


def test_the_total_is_missing_only_where_vms_live_and_none_gave_a_sample() -> None:
    vms = vms_of({0: (0, 2.0, [NAN, NAN, 3.0]), 1: (0, 2.0, [NAN, 1.0, 1.0])})
    np.testing.assert_array_equal(vms.total(2), [[NAN, 1.0, 3.0], [0.0, 0.0, 0.0]])
    alone = vms.only(np.array([False, True]))
    np.testing.assert_array_equal(alone.total(1), [[NAN, 1.0, 1.0]])
