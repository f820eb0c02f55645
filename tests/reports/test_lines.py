"""Lines of bounded resolution, and strips that lie on a disk, say what all windows say."""

import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scroogevm.core.arrays import Floats
from scroogevm.reports.lines import Kind, Lines
from scroogevm.reports.strip import ROWS, Strip, added

KINDS: list[Kind] = ["mean", "largest", "smallest", "share"]


def rows_of(windows: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(windows, len(KINDS), 3))
    rows[rng.random(rows.shape) < 0.3] = np.nan
    return rows


def joined(rows: Floats, kind: Kind, step: int) -> float:
    known = rows[~np.isnan(rows)]
    if not known.size:
        return float("nan")
    if kind == "share":
        return float(known.sum() / step)
    if kind == "mean":
        return float(known.mean())
    return float(known.max() if kind == "largest" else known.min())


@given(st.integers(0, 100), st.integers(0, 100))
def test_each_point_is_made_of_its_windows(windows: int, seed: int) -> None:
    rows = rows_of(windows, seed)
    lines = Lines(KINDS, 3, points=8)
    for hour, row in enumerate(rows):
        lines.add(row, hour)
    step, found = lines.step, lines.rows([0, 2])
    points = -(-windows // step)
    assert found.shape == (2, len(KINDS), points)
    assert points <= 8
    assert points > 4 or step == 1
    for point in range(points):
        part = rows[point * step : (point + 1) * step]
        for column, kind in enumerate(KINDS):
            for place, node in enumerate((0, 2)):
                expected = joined(part[:, column, node], kind, step)
                assert found[place, column, point] == pytest.approx(
                    expected, 1e-5, 1e-5, nan_ok=True
                )
        assert lines.hours[point] == min((point + 1) * step, windows) - 1


def test_of_another_node_in_the_place_of_one_nothing_was_known() -> None:
    lines = Lines(KINDS, 2)
    lines.add(np.ones((len(KINDS), 2)), 0)
    lines.blank(1)
    lines.add(np.full((len(KINDS), 2), 2.0), 1)
    found = lines.rows([0, 1])
    assert found[0].tolist() == [[1, 2]] * len(KINDS)
    np.testing.assert_array_equal(found[1], [[np.nan, 2]] * len(KINDS))


def strip_of(rows: Floats, directory: Path) -> Strip:
    strip = Strip(directory, rows.shape[1])
    for row in rows:
        strip.append(row)
    return strip


def content(strip: Strip) -> Floats:
    return np.concatenate([np.empty((0, strip.width)), *strip.blocks()])


@pytest.mark.parametrize("rows", [0, 1, ROWS, ROWS + 1, 3 * ROWS, 3 * ROWS + 7])
def test_a_strip_gives_back_its_rows_and_leaves_no_file(tmp_path: Path, rows: int) -> None:
    numbers = np.random.default_rng(rows).random((rows, 3))
    strip = pickle.loads(pickle.dumps(strip_of(numbers, tmp_path)))  # noqa: S301  # its own bytes
    assert strip.rows == rows
    np.testing.assert_array_equal(content(strip), numbers)
    np.testing.assert_array_equal(content(strip), numbers)  # it can be read again
    strip.drop()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize(("one", "other"), [(5, 5), (ROWS + 3, 5), (7, 2 * ROWS), (0, 3)])
def test_strips_add_up_row_by_row_and_the_hours_are_those_of_the_longer(
    tmp_path: Path, one: int, other: int
) -> None:
    rng = np.random.default_rng(one)
    first, second = rng.random((one, 3)), rng.random((other, 3))
    total = added(strip_of(first, tmp_path), strip_of(second, tmp_path), tmp_path, 1)
    expected = np.zeros((max(one, other), 3))
    expected[:one] += first
    expected[:other] += second
    expected[:, 0] = (second if other > one else first)[:, 0]
    np.testing.assert_array_equal(content(total), expected)
