"""The generator of windows whose label is known."""

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from scroogevm.core.confusion import Confusion
from scroogevm.errors import TraceError
from scroogevm.ports import CPU, QUIESCENCE
from scroogevm.traces.labelled import (
    FAMILIES,
    KEPT,
    SECONDS,
    SIZES,
    Labelled,
    case,
    confusion,
    labelled,
    read_labelled,
)


@cache
def some(seed: int = 5) -> Sequence[Labelled]:
    return list(labelled(seed, rounds=4))


def test_the_same_seed_gives_the_same_windows_and_another_one_others() -> None:
    for one, other in zip(some(), labelled(5, rounds=4), strict=True):
        np.testing.assert_array_equal(one.kept, other.kept)
        np.testing.assert_array_equal(one.new, other.new)
        assert (one.size, one.stable) == (other.size, other.stable)
    assert not np.array_equal(some()[0].new[:90], next(labelled(6, rounds=1)).new[:90])


def test_every_family_has_every_size_and_half_of_them_matter() -> None:
    assert [one.family for one in some()] == [f for _ in range(4) for f in FAMILIES for _ in SIZES]
    assert sum(size <= 1 for size in SIZES) == len(SIZES) / 2
    for family in FAMILIES:
        labels = [one.stable for one in some() if one.family == family]
        assert 0.4 <= np.mean(labels) <= 0.7


def test_windows_fit_their_node_and_interval_and_nodes_differ() -> None:
    for one in some():
        assert one.kept.shape == (KEPT, round(SECONDS / one.interval))
        assert one.new.shape == one.kept.shape[1:]
        for usage in (one.kept, one.new):
            assert usage.min() >= 0
            assert usage.max() <= one.capacity
    assert len({one.capacity for one in some()}) > 3
    assert len({one.interval for one in some()}) == 3


@pytest.mark.parametrize("family", ["level", "trend", "burst", "outlier"])
def test_a_change_is_as_large_as_was_asked_for(family: str) -> None:
    sizes = [one.size for one in some() if one.family == family]
    np.testing.assert_allclose(np.reshape(sizes, (-1, len(SIZES))), [SIZES] * 4, rtol=0.02)


def test_the_label_follows_the_size() -> None:
    assert all(one.stable == (one.size <= 1) for one in some())


def test_a_change_of_size_none_leaves_a_node_as_it_was() -> None:
    plain = [case(family, 0.0, np.random.default_rng(9)) for family in ("level", "cycle", "noise")]
    for one in plain[1:]:
        np.testing.assert_array_equal(one.new, plain[0].new)


def test_an_outlier_strikes_single_samples() -> None:
    calm = case("level", 0.0, np.random.default_rng(9))
    torn = case("outlier", 0.0, np.random.default_rng(9))
    struck = int(np.sum(calm.kept != torn.kept) + np.sum(calm.new != torn.new))
    assert 1 <= struck <= 3
    assert torn.stable


def test_noise_is_correlated() -> None:
    one = next(c for c in some() if c.interval == 5.0)
    steps = one.kept[0] - one.kept[0].mean()
    assert np.corrcoef(steps[:-1], steps[1:])[0, 1] > 0.2


def test_thinning_takes_every_third_sample() -> None:
    one = some()[0]
    history = one.history(every=3)
    np.testing.assert_array_equal(history.new.usage[0], one.new[::3])
    assert [w.usage.shape[1] for w in history.earlier] == [one.kept[0, ::3].size] * KEPT


def test_confusion_counts_what_a_test_said() -> None:
    test = QUIESCENCE.build("mean-band", CPU)
    said = [bool(test.judge(one.history()).quiescent[0]) for one in some()]
    labels = [one.stable for one in some()]
    assert confusion(test, some()) == Confusion.of(np.array(said), np.array(labels))


def test_labelled_cases_are_read_and_kept_samples_come_as_one_window(tmp_path: Path) -> None:
    file = tmp_path / "cases.json"
    file.write_text(json.dumps([{"old": [1, 2, 3, 4], "new": [5, 6], "stable": False}]))
    (one,) = read_labelled(file, 8.0, 5.0)
    assert (one.kept.tolist(), one.new.tolist()) == ([[1, 2, 3, 4]], [5, 6])
    assert (one.capacity, one.stable, one.family) == (8.0, False, "cases")


@pytest.mark.parametrize("content", ["", "{}", "[1]", '[{"old": [1]}]', '[{"old": "x"}]'])
def test_a_file_of_something_else_is_refused_in_one_line(tmp_path: Path, content: str) -> None:
    file = tmp_path / "cases.json"
    file.write_text(content)
    if content == "{}":
        assert read_labelled(file, 8.0, 5.0) == []
        return
    with pytest.raises(TraceError, match=r"cases\.json"):
        read_labelled(file, 8.0, 5.0)


def test_matthews_and_f1_by_hand() -> None:
    # The published counts of the predecessor's network on 60 windows.
    network = Confusion(tp=26, fp=2, tn=27, fn=5)
    assert round(network.f1, 2) == 0.88
    assert round(network.matthews, 3) == 0.771
    always = Confusion(tp=31, fp=29, tn=0, fn=0)
    assert always.f1 > 0.6
    assert always.matthews == 0.0
    assert np.isnan(Confusion(tp=3, fp=0, tn=0, fn=1).matthews)
    assert np.isnan(Confusion(0, 0, 0, 0).accuracy)
    assert np.isnan(Confusion(0, 0, 4, 0).f1)
