"""The engine against a plain reference, on the predecessor's traces and on ones nobody has seen."""

import json
import lzma
import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from driving import drive
from golden.forced import NAMES, forced_engine
from golden.plain import PERCENTILES, replay
from golden.wild import Maker, Wild
from scroogevm.core.state import State
from scroogevm.engine import Engine
from scroogevm.ports import RESOURCES, Chunk, Shape, Step
from scroogevm.reports.dump import Dump
from scroogevm.reports.dump_model import tiers
from scroogevm.traces.format import open_trace
from scroogevm.traces.options import ReadOptions

HERE = Path(__file__).parent
BLOCK = 20
MANY = [pytest.param(range(n, n + BLOCK), id=f"from-{n}") for n in range(0, 8 * BLOCK, BLOCK)]
FEW = [pytest.param(range(n, n + BLOCK), id=f"from-{n}") for n in range(1000, 1040, BLOCK)]


def goldens() -> Iterator[Any]:
    for path in sorted(HERE.glob("*.golden.json")):
        for run in range(len(json.loads(path.read_text()))):
            name = path.name.removesuffix(".golden.json")
            yield pytest.param(name, run, id=f"{name}-{run}")


def near(ours: float, theirs: float, dust: float = 0) -> bool:
    both_missing = math.isnan(ours) and math.isnan(theirs)
    return both_missing or math.isclose(ours, theirs, rel_tol=1e-9, abs_tol=dust)


@pytest.mark.parametrize(("name", "run"), list(goldens()))
def test_the_reference_itself_is_the_predecessor(name: str, run: int) -> None:
    golden = json.loads((HERE / f"{name}.golden.json").read_text())[run]
    trace = json.loads(lzma.decompress((HERE / f"{name}.json.xz").read_bytes()))
    expected = dict(golden["expected"])
    verdicts = expected.pop("greedy_forced_stability")
    assert set(expected) == set(NAMES)
    rows = list(replay(trace, **golden["params"], verdicts=verdicts))
    for strategy, occurrences in expected.items():
        half = "nsigma" if strategy == "maxpeak" else strategy
        for row, theirs in zip(rows, occurrences, strict=True):
            for resource in RESOURCES:
                ours = row[resource]
                assert ours["tiers"][strategy] == theirs[f"{resource}_tiers"]
                assert ours["tiers"][strategy][2] == theirs[f"free_{resource}"]
                assert ours["booked"] == theirs[f"booked_{resource}"]
                if theirs[f"{resource}_demand"] is not None:
                    assert near(ours["demand"][half], theirs[f"{resource}_demand"])
                told = {key for key in ours["stats"] if f"{resource}_{key}" in theirs}
                assert told >= {"avg", "p99"}
                for key in told:
                    assert near(ours["stats"][key], theirs[f"{resource}_{key}"])
                if strategy == "greedy":
                    assert near(ours["ratio"], theirs[f"{resource}_ratio"])
                    assert ours["stable"] == theirs[f"{resource}_stable"]


def opened(path: Path, wild: Wild) -> Chunk:
    (load,) = open_trace(path, ReadOptions(aggregation=wild.params["aggreg"])).loads()
    return load()


def engine_of(chunk: Chunk, wild: Wild) -> Engine:
    return forced_engine(chunk, wild.verdicts, wild.params["cpu"], wild.params["mem"])


def judged(chunk: Chunk, wild: Wild) -> Sequence[Step]:
    engine, state, steps = engine_of(chunk, wild), State(), []
    for occurrence in chunk.occurrences:
        state, step = engine.step(state, occurrence)
        steps.append(step)
    return steps


def as_is(engine: Engine, _: Shape) -> Engine:
    return engine


def written(wild: Wild, directory: Path, seed: int) -> Path:
    path = directory / f"{seed}.json"
    path.write_text(json.dumps(wild.trace))
    return path


def check(steps: Sequence[Step], wild: Wild, seed: int) -> None:
    rows = list(replay(wild.trace, **wild.params, verdicts=wild.verdicts))
    for at, (step, row) in enumerate(zip(steps, rows, strict=True)):
        for resource in RESOURCES:
            where = f"seed {seed}, occurrence {at}, {resource}"
            check_window(step, row[resource], resource, where)


def check_window(step: Step, theirs: Mapping[str, Any], resource: str, where: str) -> None:
    window = step.occurrence.windows[resource]
    names = {step.occurrence.vm_names[vm] for vm in window.vms.ids}
    assert names == theirs["vms"], where
    assert window.capacity[0] == theirs["capacity"], where
    assert window.allocated[0] == theirs["booked"], where
    stats = {"avg": window.mean[0], "std": window.std[0], "max": window.maximum[0]}
    stats |= {f"p{p}": window.ranked.percentile(p)[0] for p in PERCENTILES}
    for key, value in theirs["stats"].items():
        # What is left of the mean of equal samples is rounding, and so is their deviation.
        dust = 1e-12 * theirs["stats"]["avg"] if key == "std" else 0
        assert near(stats[key], value, dust), f"{where}, {key}"
    for strategy in NAMES:
        estimate = step.estimates[resource][strategy]
        assert near(estimate.demand[0], theirs["demand"][strategy]), f"{where}, {strategy}"
        # Sums in another order differ in the last bit, which may lie on the edge of a rounding.
        same = estimate.demand[0] == theirs["demand"][strategy]
        cuts = [
            [tier[0] for tier in tiers(resource, estimate.demand * shift, window.capacity)]
            for shift in ((1,) if same else (1 - 1e-12, 1, 1 + 1e-12))
        ]
        assert theirs["tiers"][strategy] in cuts, f"{where}, {strategy}"
    answer = step.estimates[resource]["greedy"]
    ratio = answer.memo["r"][0]
    if math.isnan(ratio):  # not one window of this slice was measured yet
        assert not step.measured[resource][0], where
    else:
        assert near(ratio, theirs["ratio"]), where
        assert answer.verdict is not None
        quiescent = bool(answer.verdict.quiescent[0])
        # The ratio of a window that was not measured is remembered, its verdict is not.
        assert quiescent == (theirs["stable"] and step.measured[resource][0]), where


@pytest.mark.parametrize("seeds", MANY)
def test_traces_nobody_has_seen_give_the_numbers_of_the_reference(
    seeds: Sequence[int], tmp_path: Path
) -> None:
    for seed in seeds:
        wild = Maker(seed).make()
        check(judged(opened(written(wild, tmp_path, seed), wild), wild), wild, seed)


@pytest.mark.parametrize("seeds", FEW)
def test_a_dump_of_such_a_trace_tells_them_and_replays_to_them(
    seeds: Sequence[int], tmp_path: Path
) -> None:
    for seed in seeds:
        wild = Maker(seed).make()
        chunk = opened(written(wild, tmp_path, seed), wild)
        engine = engine_of(chunk, wild)
        folder = tmp_path / f"dumps-{seed}"
        drive([chunk], partial(as_is, engine), [Dump(folder)])
        again = opened(folder / "dump-doa.json", wild)
        assert (again.shape, again.nodes) == (chunk.shape, chunk.nodes)
        assert [one.end for one in again.occurrences] == [one.end for one in chunk.occurrences]
        check(judged(again, wild), wild, seed)
        rows = list(replay(wild.trace, **wild.params, verdicts=wild.verdicts))
        for strategy in NAMES:
            dump = json.loads((folder / f"dump-{strategy}.json").read_text())
            check_dump(dump, strategy, rows)


def check_dump(
    dump: Mapping[str, Any], strategy: str, rows: Sequence[Mapping[str, Mapping[str, Any]]]
) -> None:
    for at, row in enumerate(rows):
        for resource, theirs in row.items():
            model = [dump["model"][f"{resource}_tier{number}"][at] for number in range(3)]
            assert model == theirs["tiers"][strategy]
            assert dump["model"][f"free_{resource}"][at] == model[2]
            node = {key: values[at] for key, values in dump["node"].items() if key != "raw_data"}
            assert node[f"{resource}_config"] == theirs["capacity"]
            assert node[f"booked_{resource}"] == theirs["booked"]
            assert set(node["vm_list"]) == theirs["vms"]
            ranks = node[f"{resource}_percentile"]
            if math.isnan(theirs["stats"]["avg"]):
                assert (node[f"{resource}_avg"], ranks) == (None, {})
                continue
            assert near(node[f"{resource}_avg"], theirs["stats"]["avg"])
            assert near(node[f"{resource}_max"], theirs["stats"]["max"])
            assert list(ranks) == [str(p) for p in PERCENTILES]
            assert all(near(value, theirs["stats"][f"p{p}"]) for p, value in ranks.items())
