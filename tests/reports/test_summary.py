"""The sentences that a replay ends with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from scroogevm.ports import CPU, MEM
from scroogevm.reports.series import Means
from scroogevm.reports.summary import freed

NAN = np.nan


def means(resource: str, demands: Mapping[str, Sequence[float]], capacity: float = 32.0) -> Means:
    allocated = np.array([40.0, 50.0, NAN])
    freed = {(resource, n): float(np.nanmean(allocated - row)) for n, row in demands.items()}
    return Means({resource: capacity}, {resource: float(np.nanmean(allocated))}, freed)


def score(strategy: str, rate: float | None, resource: str = CPU, **more: Any) -> dict[str, Any]:
    row = {"resource": resource, "strategy": strategy, "violation_rate": rate}
    return {**row, "savings": 0.5, "looks_ahead": False, **more}


OURS = ["greedy"]
DEMANDS = {"bold": [1.0, 1.0, NAN], "safe": [30.0, 30.0, 1.0], "greedy": [20.0, 30.0, NAN]}


def test_the_best_of_those_seldom_short_and_greedy_are_named() -> None:
    rows = [score("bold", 0.5), score("safe", 0.01), score("greedy", 0.125)]
    (line,) = freed(means(CPU, DEMANDS), rows, 2, OURS)
    assert line == (
        "cpu: 45.0 cores were promised on 2 nodes with 32.0; safe would have freed 15.0 of them, "
        "short in 1.0 % of windows; greedy would have freed 20.0 of them, short in 12.5 % of "
        "windows."
    )


def test_where_all_are_often_short_the_one_least_so_is_named() -> None:
    rows = [score("bold", 0.5), score("safe", 0.4)]
    (line,) = freed(means(CPU, DEMANDS), rows, 1, OURS)
    assert "on 1 node with" in line
    assert "safe would have freed 15.0 of them, short in 40.0 % of windows; no strategy" in line
    assert line.endswith("no strategy was short in at most 1 %.")
    assert "bold" not in line


def test_a_strategy_that_keeps_more_than_was_promised_frees_nothing() -> None:
    (line,) = freed(means(CPU, {"greedy": [42.0, 50.0, NAN]}), [score("greedy", 0.0)], 1)
    assert "greedy would have kept 1.0 more than them, short in 0.0 % of windows." in line
    (line,) = freed(means(CPU, {"greedy": [40.04, 50.0, NAN]}), [score("greedy", 0.0)], 1)
    assert "freed 0.0 of them" in line


def test_memory_is_in_gibibytes() -> None:
    fleet = Means({MEM: 32.0 * 1024}, {MEM: 45.0 * 1024}, {(MEM, "greedy"): 25.0 * 1024})
    (line,) = freed(fleet, [score("greedy", 0.0, MEM)], 1)
    assert line.startswith("memory: 45.0 GiB were promised on 1 node with 32.0; greedy would")


@pytest.mark.parametrize(
    "row",
    [
        score("greedy", None),
        score("greedy", 0.0, savings=None),
        score("greedy", 0.0, looks_ahead=True),
    ],
)
def test_nothing_is_said_of_what_is_not_known_or_no_candidate(row: dict[str, Any]) -> None:
    assert freed(means(CPU, DEMANDS), [row], 1) == []
