"""What a strategy sees of the kept windows."""

import warnings
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import NAN, random_windows, vms_of, window_of
from scroogevm.core.arrays import Floats
from scroogevm.core.history import History
from scroogevm.core.window import VMs, Window


def history_of(windows: Sequence[Window], kept: int = 4) -> History:
    return History(tuple(windows[:-1])[-kept:], windows[-1], kept)


def naive_vm_percentile(windows: Sequence[Window], p: float) -> Floats:
    """Percentile of each VM's samples, gathered VM by VM, window by window."""
    answer = []
    for vm in windows[-1].vms.ids.tolist():
        rows = [w.vms.usage[w.vms.ids.tolist().index(vm)] for w in windows if vm in w.vms.ids]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # a VM may have no sample at all
            answer.append(np.nanpercentile(np.concatenate(rows), p))
    return np.array(answer)


@given(
    seed=st.integers(0, 10_000),
    p=st.one_of(st.floats(0, 100), st.sampled_from([0.0, 50.0, 99.0, 100.0])),
    missing=st.sampled_from([0.0, 0.2, 0.9]),
    churn=st.sampled_from([0.0, 0.4, 0.8]),
    kept=st.integers(1, 5),
)
def test_percentiles_of_vms_that_come_leave_and_return_agree_with_a_naive_gathering(
    seed: int, p: float, missing: float, churn: float, kept: int
) -> None:
    windows = random_windows(seed, count=6, samples=5, missing=missing, churn=churn)
    history = history_of(windows, kept)
    expected = naive_vm_percentile(windows[-kept:], p)
    np.testing.assert_allclose(history.vm_percentile(p), expected, rtol=1e-12, atol=1e-12)


def test_percentiles_of_vms_over_windows_of_unequal_length() -> None:
    windows = [
        window_of([[1.0]], vms=vms_of({0: (0, 9.0, [5.0])})),
        window_of([[1.0]], vms=VMs.none()),
        window_of([[1.0] * 3], vms=vms_of({0: (0, 9.0, [1.0, 2.0, 3.0]), 1: (0, 9.0, [7.0] * 3)})),
    ]
    for p in (0, 25, 50, 99, 100):
        expected = [np.percentile([5.0, 1.0, 2.0, 3.0], p), 7.0]
        assert history_of(windows).vm_percentile(p).tolist() == pytest.approx(expected)


def test_a_vm_counts_the_windows_it_lived_in_not_those_before_it_left_for_good() -> None:
    here = window_of([[1.0]], vms=vms_of({0: (0, 1.0, [1.0]), 1: (0, 1.0, [1.0])}))
    away = window_of([[1.0]], vms=vms_of({1: (0, 1.0, [1.0])}))
    assert history_of([here, away, here]).vm_windows.tolist() == [2, 3]
    assert history_of([here, away, away]).vm_windows.tolist() == [3]


def test_joined_usage_is_the_last_k_windows_and_the_new_one_closes_it() -> None:
    windows = [window_of([[float(i)]]) for i in range(6)]
    history = History(tuple(windows[1:5]), windows[5], kept=4)
    assert history.usage.tolist() == [[2.0, 3.0, 4.0, 5.0]]
    assert history.earlier_usage.tolist() == [[1.0, 2.0, 3.0, 4.0]]
    assert history.mean.tolist() == [3.5]
    assert history.std.tolist() == pytest.approx([np.sqrt(1.25)])


def test_the_first_window_has_nothing_before_it() -> None:
    history = history_of([window_of([[1.0, 2.0]])])
    assert history.earlier_usage.shape == (1, 0)
    assert history.full.tolist() == [False]
    assert history.vm_percentile(99).tolist() == []


def test_a_node_is_full_once_k_windows_with_samples_were_kept_before() -> None:
    busy, quiet = window_of([[1.0], [1.0]]), window_of([[1.0], [NAN]])
    assert history_of([busy] * 4).full.tolist() == [False, False]
    assert history_of([busy] * 5).full.tolist() == [True, True]
    assert history_of([busy, quiet, busy, busy, busy]).full.tolist() == [True, False]


def test_a_memo_is_remembered_where_it_is_known_and_begins_where_it_is_not() -> None:
    history = history_of([window_of([[1.0], [1.0]])])
    assert history.remembered("r", 3.5).tolist() == [3.5, 3.5]
    assert history.remembered("d", np.array([1.0, 2.0])).tolist() == [1.0, 2.0]
    later = replace(history, memo={"r": np.array([2.0, NAN])})
    assert later.remembered("r", 3.5).tolist() == [2.0, 3.5]
    assert later.remembered("d", np.array([1.0, 2.0])).tolist() == [1.0, 2.0]


def test_what_is_computed_once_is_shared_with_copies_of_another_memo() -> None:
    history = history_of([window_of([[1.0, 3.0]])])
    assert replace(history, memo={"r": np.array([1.0])}).ranked is history.ranked
