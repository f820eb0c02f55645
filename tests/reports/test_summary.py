"""The sentences that a replay ends with."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest

from scroogevm.ports import CPU, MEM, Role
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


ROLES: Mapping[str, Role] = {
    "greedy": "recommended",
    "bold": "candidate",
    "safe": "candidate",
    "last": "baseline",
}
DEMANDS = {
    "bold": [1.0, 1.0, NAN],
    "safe": [30.0, 30.0, 1.0],
    "greedy": [20.0, 30.0, NAN],
    "last": [10.0, 10.0, 10.0],
}


def lines(fleet: Means, rows: Sequence[Mapping[str, Any]], nodes: int) -> Sequence[str]:
    return freed(fleet, rows, nodes, ROLES, {})


def test_the_best_of_those_seldom_short_and_greedy_are_named() -> None:
    rows = [score("bold", 0.5), score("last", 0.9), score("safe", 0.01), score("greedy", 0.125)]
    (line,) = lines(means(CPU, DEMANDS), rows, 2)
    assert line == (
        "cpu: VMs on 2 nodes (32.0 cores) were allocated 45.0 cores. greedy would have freed 20.0 "
        "of them and fallen short in 12.5 % of windows. safe would have freed 15.0 of them and "
        "fallen short in 1.0 % of windows. last would have freed 35.0 of them and fallen short in "
        "90.0 % of windows."
    )


def test_of_several_risks_the_one_nearest_to_one_per_cent_leads_with_its_risk() -> None:
    asked = {"calibrated:risk=0.05": 0.05, "calibrated": 0.01, "calibrated:risk=0.002": 0.002}
    rows = [score(name, risk) for name, risk in asked.items()]
    demands = {name: [20.0, 30.0, NAN] for name in asked}
    roles: Mapping[str, Role] = dict.fromkeys(asked, "recommended")
    risks = {(CPU, name): risk for name, risk in asked.items()}
    (line,) = freed(means(CPU, demands), rows, 2, roles, risks)
    assert "45.0 cores. calibrated(risk=0.01) would have freed 20.0 of them and" in line
    assert "fallen short in 1.0 % of windows." in line
    assert "0.05" not in line
    risks[CPU, "calibrated"] = 0.5
    (line,) = freed(means(CPU, demands), rows, 2, roles, risks)
    assert "45.0 cores. calibrated:risk=0.002 would have freed" in line


def test_where_all_are_often_short_the_one_least_so_is_named() -> None:
    rows = [score("bold", 0.5), score("safe", 0.4)]
    (line,) = lines(means(CPU, DEMANDS), rows, 1)
    assert "on 1 node (" in line
    assert "safe would have freed 15.0 of them and fallen short in 40.0 % of windows. No" in line
    assert line.endswith("No strategy fell short in at most 1 % of windows.")
    assert "bold" not in line


def test_a_strategy_that_keeps_more_than_was_promised_frees_nothing() -> None:
    (line,) = lines(means(CPU, {"greedy": [42.0, 50.0, NAN]}), [score("greedy", 0.0)], 1)
    assert "greedy would have held back 1.0 more than them and fallen short in 0.0 %" in line
    (line,) = lines(means(CPU, {"greedy": [40.04, 50.0, NAN]}), [score("greedy", 0.0)], 1)
    assert "freed 0.0 of them" in line


def test_memory_is_in_gibibytes() -> None:
    fleet = Means({MEM: 32.0 * 1024}, {MEM: 45.0 * 1024}, {(MEM, "greedy"): 25.0 * 1024})
    (line,) = lines(fleet, [score("greedy", 0.0, MEM)], 1)
    assert line.startswith("memory: VMs on 1 node (32.0 GiB) were allocated 45.0 GiB. greedy would")


@pytest.mark.parametrize(
    "row",
    [
        score("greedy", None),
        score("greedy", 0.0, savings=None),
        score("greedy", 0.0, looks_ahead=True),
    ],
)
def test_nothing_is_said_of_what_is_not_known_or_no_candidate(row: dict[str, Any]) -> None:
    assert lines(means(CPU, DEMANDS), [row], 1) == []
