"""The predecessor's numbers, reproduced: demand and statistics to 1e-9, tiers and free exactly."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from golden.forced import NAMES, forced_engine
from scroogevm.core.state import State
from scroogevm.ports import RESOURCES, Step
from scroogevm.reports.dump_model import tiers
from scroogevm.traces.format import open_trace
from scroogevm.traces.options import ReadOptions

HERE = Path(__file__).parent


def goldens() -> Iterator[Any]:
    for path in sorted(HERE.glob("*.golden.json")):
        for run in range(len(json.loads(path.read_text()))):
            name = path.name.removesuffix(".golden.json")
            yield pytest.param(name, run, id=f"{name}-{run}")


@cache
def replayed(name: str, run: int) -> tuple[Mapping[str, Any], Sequence[Step]]:
    golden = json.loads((HERE / f"{name}.golden.json").read_text())[run]
    options = ReadOptions(aggregation=golden["params"].get("aggreg", 1))
    (load,) = open_trace(HERE / f"{name}.json.xz", options).loads()
    chunk = load()
    params = {key: value for key, value in golden["params"].items() if key in RESOURCES}
    engine = forced_engine(chunk, golden["expected"]["greedy_forced_stability"], **params)
    state, steps = State(), []
    for occurrence in chunk.occurrences:
        state, step = engine.step(state, occurrence)
        steps.append(step)
    return golden["expected"], steps


@pytest.mark.parametrize(("name", "run"), list(goldens()))
@pytest.mark.parametrize("strategy", NAMES)
@pytest.mark.parametrize("resource", RESOURCES)
def test_demand_tiers_and_free_are_the_predecessors(
    name: str, run: int, strategy: str, resource: str
) -> None:
    expected, steps = replayed(name, run)
    for number, (step, theirs) in enumerate(zip(steps, expected[strategy], strict=True)):
        demand = float(step.estimates[resource][strategy].demand[0])
        capacity = float(step.occurrence.windows[resource].capacity[0])
        recorded = theirs[f"{resource}_demand"]
        if recorded is not None and strategy != "maxpeak":
            assert demand == pytest.approx(recorded, rel=1e-9), number
        cut = [tier[0] for tier in tiers(resource, np.array([demand]), np.array([capacity]))]
        assert cut == theirs[f"{resource}_tiers"], number
        assert cut[2] == theirs[f"free_{resource}"], number


@pytest.mark.parametrize(("name", "run"), list(goldens()))
def test_the_greedy_ratio_is_the_predecessors(name: str, run: int) -> None:
    expected, steps = replayed(name, run)
    for step, theirs in zip(steps, expected["greedy"], strict=True):
        for resource in RESOURCES:
            answer = step.estimates[resource]["greedy"]
            assert answer.memo["r"][0] == pytest.approx(theirs[f"{resource}_ratio"], rel=1e-9)
            assert answer.verdict is not None
            assert bool(answer.verdict.quiescent[0]) == theirs[f"{resource}_stable"]


@pytest.mark.parametrize(("name", "run"), list(goldens()))
def test_statistics_are_the_predecessors(name: str, run: int) -> None:
    expected, steps = replayed(name, run)
    for step, theirs in zip(steps, expected["borg"], strict=True):
        cpu, mem = (step.occurrence.windows[resource] for resource in RESOURCES)
        ours = {
            "booked_cpu": cpu.allocated,
            "booked_mem": mem.allocated,
            "cpu_avg": cpu.mean,
            "cpu_std": cpu.std,
            "cpu_max": cpu.maximum,
            "cpu_p90": cpu.ranked.percentile(90),
            "cpu_p99": cpu.p99,
            "mem_avg": mem.mean,
            "mem_p99": mem.p99,
        }
        for key, value in ours.items():
            assert value[0] == pytest.approx(theirs[key], rel=1e-9), key
