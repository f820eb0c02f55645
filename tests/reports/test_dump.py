"""Dumps: the predecessor's numbers exactly, replayable, readable by its analysis."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from driving import drive
from golden.forced import NAMES, forced_engine
from helpers import engine_of, occurrences_of, random_windows, steps, vms_of, walked, window_of
from scroogevm.engine import Engine
from scroogevm.ports import RESOURCES, Chunk, Shape
from scroogevm.reports.dump import Dump
from scroogevm.traces.chunk import RecordedChunk
from scroogevm.traces.format import open_trace
from scroogevm.traces.options import ReadOptions

GOLDEN = Path(__file__).parents[1] / "golden"
RUNS = [
    pytest.param(path.name.removesuffix(".golden.json"), run, id=f"{path.name.split('.')[0]}-{run}")
    for path in sorted(GOLDEN.glob("*.golden.json"))
    for run in range(len(json.loads(path.read_text())))
]


def golden_engine(golden: Mapping[str, Any], chunk: Chunk) -> Engine:
    params = {key: value for key, value in golden["params"].items() if key in RESOURCES}
    return forced_engine(chunk, golden["expected"]["greedy_forced_stability"], **params)


def write(
    directory: Path, chunks: Sequence[Chunk], engine_for: Callable[[Shape], Engine]
) -> Mapping[str, Any]:
    """Dump chunks, and read back the files that came of it."""

    drive(chunks, engine_for, [Dump(directory)])
    return {
        str(path.relative_to(directory)): json.loads(path.read_text(), parse_constant=pytest.fail)
        for path in sorted(directory.rglob("*.json"))
    }


def opened(path: Path, aggregation: int = 1) -> Chunk:
    (load,) = open_trace(path, ReadOptions(aggregation=aggregation)).loads()
    return load()


@pytest.mark.parametrize(("name", "run"), RUNS)
def test_every_value_is_the_predecessors(name: str, run: int, tmp_path: Path) -> None:
    golden = json.loads((GOLDEN / f"{name}.golden.json").read_text())[run]
    chunk = opened(GOLDEN / f"{name}.json.xz", golden["params"].get("aggreg", 1))
    engine = golden_engine(golden, chunk)
    dumps = write(tmp_path, [chunk], lambda _: engine)
    assert set(dumps) == {f"dump-{strategy}.json" for strategy in NAMES}
    for strategy in NAMES:
        dump = dumps[f"dump-{strategy}.json"]
        model, node = dump["model"], dump["node"]
        for at, expected in enumerate(golden["expected"][strategy]):
            for resource in RESOURCES:
                tiers = [model[f"{resource}_tier{number}"][at] for number in range(3)]
                assert tiers == expected[f"{resource}_tiers"]
                assert model[f"free_{resource}"][at] == expected[f"free_{resource}"]
                assert node[f"{resource}_stable_state"][at] is expected[f"{resource}_stable"]
            ours = {key: node[key][at] for key in expected if key in node and "stable" not in key}
            ours |= {
                f"{resource}_p{p}": node[f"{resource}_percentile"][at][p]
                for resource, p in (("cpu", "90"), ("cpu", "99"), ("mem", "99"))
            }
            assert len(ours) == 9
            assert ours == pytest.approx({key: expected[key] for key in ours}, rel=1e-9)


@pytest.mark.parametrize(("name", "run"), RUNS)
def test_a_dump_replays_to_the_same_demands(name: str, run: int, tmp_path: Path) -> None:
    golden = json.loads((GOLDEN / f"{name}.golden.json").read_text())[run]
    aggregation = golden["params"].get("aggreg", 1)
    chunk = opened(GOLDEN / f"{name}.json.xz", aggregation)
    write(tmp_path, [chunk], lambda _: golden_engine(golden, chunk))
    again = opened(tmp_path / "dump-greedy.json", aggregation)
    assert (again.shape, again.nodes) == (chunk.shape, chunk.nodes)
    _, before = steps(golden_engine(golden, chunk), walked(chunk))
    _, after = steps(golden_engine(golden, again), walked(again))
    for old, new in zip(before, after, strict=True):
        assert new.occurrence.end == old.occurrence.end
        for resource in RESOURCES:
            for strategy, estimate in old.estimates[resource].items():
                assert new.estimates[resource][strategy].demand == pytest.approx(
                    estimate.demand, rel=1e-12
                )


def test_the_analysis_of_the_predecessor_finds_its_keys(tmp_path: Path) -> None:
    chunk = opened(GOLDEN / "churn-slices.json.xz")
    dump = write(tmp_path, [chunk], lambda _: engine_of("borg", slices=3))["dump-borg.json"]
    for at in range(len(dump["epoch"])):
        free, booked = dump["model"]["free_cpu"][at], dump["node"]["booked_cpu"][at]
        ratio = (booked + free) / dump["node"]["cpu_config"][at]
        assert ratio == pytest.approx((booked + 256 - booked / 1.1) / 256, abs=0.01)
        assert 0 < dump["node"]["cpu_percentile"][at]["99"] < 256
    ranks = [*range(10, 90, 5), *range(90, 100)]
    assert [int(p) for p in dump["node"]["mem_percentile"][0]] == ranks


def test_a_vm_that_left_repeats_its_last_object_and_an_unchanged_one_does_not(
    tmp_path: Path,
) -> None:
    idle, gone, late = (0, 4.0, [1.0, 1.0]), (0, 2.0, [0.5, 0.5]), (0, 1.0, [0.25, 0.25])
    lives = [{1: idle, 2: gone}, {1: idle, 2: gone}, {1: idle, 3: late}, {1: idle, 3: late}]
    windows = [window_of([[2.0, 2.0]], vms=vms_of(vms)) for vms in lives]
    chunk = RecordedChunk(Shape(1800, 1800), ("n",), occurrences_of(windows))
    (dump,) = write(tmp_path, [chunk], lambda _: engine_of("borg")).values()
    raw = {name: vm["raw_data"] for name, vm in dump["vm"].items()}
    assert raw["vm-3"][:2] == [{}, {}]
    assert raw["vm-2"][2:] == [raw["vm-2"][1]] * 2
    assert all(now != then for then, now in zip(raw["vm-1"], raw["vm-1"][1:], strict=False))
    again = opened(tmp_path / "dump-borg.json")
    allocated = [one.windows["cpu"].allocated[0] for one in again.occurrences]
    assert allocated == [6.0, 6.0, 5.0, 5.0]


def test_several_nodes_get_folders_whose_names_cannot_escape(tmp_path: Path) -> None:
    windows = random_windows(1, nodes=3, missing=0.3)
    names = ("plain", "../../evil", "a/b")
    chunk = RecordedChunk(Shape(1800, 1800), names, occurrences_of(windows))
    dumps = write(tmp_path / "out", [chunk], lambda _: engine_of("greedy", "doa"))
    assert len(dumps) == 6
    assert [path.name for path in tmp_path.iterdir()] == ["out"]
    assert {dump["config"]["node_name"] for dump in dumps.values()} == set(names)


def test_a_window_or_node_without_vms_is_written_and_read_back(tmp_path: Path) -> None:
    vm = (0, 2.0, [0.5, 0.5])
    windows = [window_of([[1.0, 1.0], [2.0, 2.0]], vms=vms_of(vms)) for vms in ({}, {1: vm}, {})]
    chunk = RecordedChunk(Shape(1800, 1800), ("busy", "bare"), occurrences_of(windows))
    dumps = write(tmp_path, [chunk], lambda _: engine_of("borg"))
    lists = {dump["config"]["node_name"]: dump["node"]["vm_list"] for dump in dumps.values()}
    assert lists == {"busy": [[], ["vm-1"], []], "bare": [[], [], []]}
    for path in dumps:
        again = opened(tmp_path / path)
        node = chunk.nodes.index(again.nodes[0])
        allocated = [one.windows["cpu"].allocated[0] for one in again.occurrences]
        assert allocated == [one.allocated[node] for one in windows]


def test_a_node_with_a_vm_of_unknown_size_is_full_after_a_dump_as_before(tmp_path: Path) -> None:
    vms = vms_of({1: (0, np.nan, [0.5, 0.5]), 2: (0, 2.0, [1.0, 1.0])})
    windows = [window_of([[2.0, 2.0]], vms=vms, allocated=8.0) for _ in range(3)]
    chunk = RecordedChunk(Shape(1800, 1800, 1), ("n",), occurrences_of(windows))
    write(tmp_path, [chunk], lambda _: engine_of("rc-like", "borg"))
    again = opened(tmp_path / "dump-borg.json")
    assert [one.windows["mem"].allocated[0] for one in again.occurrences] == [8.0] * 3
    assert [remark.number for remark in again.remarks if "count as full" in remark.kind] == [1, 1]
    _, before = steps(engine_of("rc-like", "borg", kept=2), walked(chunk))
    _, after = steps(engine_of("rc-like", "borg", kept=2), walked(again))
    for old, new in zip(before, after, strict=True):
        for strategy, estimate in old.estimates["cpu"].items():
            assert new.estimates["cpu"][strategy].demand.tolist() == estimate.demand.tolist()


def test_missing_samples_are_null_and_read_back_as_missing(tmp_path: Path) -> None:
    windows = random_windows(2, nodes=1, missing=0.4)
    chunk = RecordedChunk(Shape(1800, 1800), ("n",), occurrences_of(windows))
    write(tmp_path, [chunk], lambda _: engine_of("rc-like"))
    again = opened(tmp_path / "dump-rc-like.json")
    for old, new in zip(windows, again.occurrences, strict=True):
        np.testing.assert_array_equal(new.windows["cpu"].usage, old.usage)
        np.testing.assert_allclose(new.windows["cpu"].vms.usage, old.vms.usage, rtol=1e-15)
