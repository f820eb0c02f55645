"""The trail of VMs: joined only where it must be, the same numbers either way."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from helpers import NAN, vms_of
from scroogevm.core.statistics import percentile
from scroogevm.core.vm_history import Trail
from scroogevm.core.window import VMs

LENGTH = 6


def trail_of(*windows: VMs, length: int = LENGTH) -> Trail:
    trail = Trail.of(windows[0], length)
    for vms in windows[1:]:
        trail = trail.then(vms)
    return trail


@given(
    usage=hnp.arrays(np.float64, (3, 12), elements=st.floats(0, 8)),
    p=st.sampled_from([0, 50, 90, 99, 100]),
    width=st.sampled_from([1, 2, 3, 4, 6]),
)
def test_ranks_and_sums_of_whole_windows_are_those_of_the_joined_samples(
    usage: np.ndarray, p: float, width: int
) -> None:
    size = np.array([1.0, 2.0, 8.0])
    ids, node = np.arange(3), np.array([0, 1, 1])
    windows = [
        VMs(ids, node, size, usage[:, start : start + width]) for start in range(0, 12, width)
    ]
    trail = trail_of(*windows)
    assert trail.settled
    joined = np.minimum(usage, size[:, np.newaxis])[:, -LENGTH:]
    np.testing.assert_array_equal(trail.usage, joined)
    np.testing.assert_allclose(trail.percentile(p, LENGTH), percentile(joined, p), rtol=1e-12)
    np.testing.assert_allclose(
        trail.node_usage(LENGTH, 2), [joined[0], joined[1] + joined[2]], rtol=1e-12
    )
    np.testing.assert_allclose(trail.maximum, np.minimum(usage, size[:, np.newaxis]).max(axis=1))
    assert trail.seen.tolist() == [12, 12, 12]


def test_only_as_many_windows_are_held_as_the_length_needs() -> None:
    windows = [vms_of({0: (0, 99.0, [float(i), i + 0.5])}) for i in range(10)]
    trail = trail_of(*windows, length=5)
    assert len(trail.parts) == 3
    assert trail.usage.tolist() == [[7.5, 8.0, 8.5, 9.0, 9.5]]


def test_a_vm_that_was_away_is_forgotten() -> None:
    here, away = {0: (0, 9.0, [1.0, 2.0]), 1: (0, 9.0, [3.0, 4.0])}, {1: (0, 9.0, [5.0, 6.0])}
    trail = trail_of(vms_of(here), vms_of(away), vms_of(here))
    assert not trail.settled
    np.testing.assert_array_equal(
        trail.usage, [[NAN, NAN, NAN, NAN, 1.0, 2.0], [3.0, 4.0, 5.0, 6.0, 3.0, 4.0]]
    )
    assert trail.seen.tolist() == [2, 6]
    assert trail.total.tolist() == [3.0, 25.0]
    assert trail.percentile(100, LENGTH).tolist() == [2.0, 6.0]


def test_samples_of_a_resized_vm_count_as_shares_of_their_time() -> None:
    trail = trail_of(vms_of({0: (0, 2.0, [1.0])}), vms_of({0: (0, 8.0, [2.0])}))
    assert not trail.settled
    assert trail.limit.tolist() == [[2.0, 8.0]]
    assert trail.percentile(100, LENGTH).tolist() == [4.0]  # half of its cores, of 8 now


@pytest.mark.parametrize("missing", [[1.0, NAN], [NAN, NAN]])
def test_a_missing_sample_unsettles_and_never_counts(missing: list[float]) -> None:
    trail = trail_of(vms_of({0: (0, 9.0, [4.0, 2.0])}), vms_of({0: (0, 9.0, missing)}))
    assert not trail.settled
    assert trail.percentile(100, LENGTH).tolist() == [4.0]
    assert np.isnan(trail.percentile(100, 1)).all()
