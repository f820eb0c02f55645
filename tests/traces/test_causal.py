"""The prefix law: what is said of a time does not depend on what comes after it."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleets import CAUSAL, said, strategies
from scroogevm.engine import Engine
from scroogevm.ports import CPU, RESOURCES, Chunk
from scroogevm.runner import Lockstep, Runner, lockstep, replay
from scroogevm.traces import tables
from scroogevm.traces.format import open_trace
from scroogevm.traces.manifest import MANIFEST, Manifest
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.placement.place import Placing, place
from scroogevm.traces.tables import TraceWriter

INTERVAL, SAMPLES, WINDOWS = 60, 4, 10
SLICE = INTERVAL * SAMPLES
Said = Mapping[tuple[str, str, str, int], float]
SEEDS = st.integers(0, 100_000)
CUTS = st.integers(1, WINDOWS - 1)


def fleet(seed: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of nodes and of VMs that come, go, fall silent, return and migrate.

    A sample lists VMs or it does not; one that does not has no row of any VM.
    """
    rng = np.random.default_rng(seed)
    nodes, vms = [], []
    at = {f"vm-{number}": rng.integers(0, 3) for number in range(6)}
    here = {name: rng.random() < 0.6 for name in at}
    listing = [True] * 3
    for cell in range(SAMPLES * WINDOWS):
        listing = [rng.random() < (0.85 if told else 0.2) for told in listing]
        for name, home in at.items():
            here[name] ^= rng.random() < 0.05
            at[name] = rng.integers(0, 3) if rng.random() < 0.03 else home
        for number in range(3):
            time = cell * INTERVAL
            mine = [name for name in at if here[name] and at[name] == number]
            moving = [name for name in at if here[name] and rng.random() < 0.02]
            mine = sorted({*mine, *moving}) if listing[number] else []
            usage = None if rng.random() < 0.1 else float(rng.uniform(0, 8))
            if rng.random() < 0.95:
                count = len(mine) if listing[number] else None
                nodes.append((f"node-{number}", time, 8.0, 64.0, usage, usage, count))
                for name in mine:
                    value = None if rng.random() < 0.2 else float(rng.uniform(0, 2))
                    size = None if rng.random() < 0.1 else 2.0 + int(name[-1])
                    vms.append((f"node-{number}", name, time, size, size, value, value))
    sizes = dict.fromkeys(("cpu", "mem", "cpu_usage", "mem_usage"), pl.Float64)
    of_nodes = {"node": pl.String, "time": pl.Int64, **sizes, "vms": pl.Int32}
    of_vms = {"node": pl.String, "vm": pl.String, "time": pl.Int64, **sizes}
    return (
        pl.DataFrame(nodes, schema=of_nodes, orient="row"),
        pl.DataFrame(vms, schema=of_vms, orient="row"),
    )


def written(
    place: Path, rows: tuple[pl.DataFrame, pl.DataFrame], windows: int, version: int
) -> Path:
    """A trace of the first windows."""
    end = windows * SLICE
    some = [frame.filter(pl.col("time") < end) for frame in rows]
    with TraceWriter(place, Manifest(SLICE, SLICE, INTERVAL, end=end), overwrite=True) as writer:
        writer.write(*some)
    if version == 1:
        lacking(place)
    return place


def lacking(place: Path) -> None:
    """Make it a trace of version 1."""
    manifest = json.loads((place / MANIFEST).read_text())
    for part in manifest["parts"]:
        path = place / "nodes" / f"{part['name']}.parquet"
        pl.read_parquet(path).drop("vms").write_parquet(path)
        del part["block"]
        for table, keys in (("nodes", ["node"]), ("vms", ["node", "vm"])):
            path = place / table / f"{part['name']}.parquet"
            pl.read_parquet(path).sort(*keys, "time").write_parquet(path)
    (place / MANIFEST).write_text(json.dumps({**manifest, "version": 1}))


def engine() -> Engine:
    return Engine(strategies(*CAUSAL), kept=3, slices=1)


def chunk_of(trace: Path, **how: float) -> Chunk:
    (load,) = open_trace(trace, ReadOptions(**how)).loads()  # type: ignore[arg-type]  # numbers
    return load()


def replayed(trace: Path, **how: float) -> Said:
    return said(replay(Runner(engine()), chunk_of(trace, **how).occurrences))


def in_lockstep(trace: Path, **how: float) -> Said:
    together = Lockstep([Runner(engine())])
    steps = lockstep(together, [chunk_of(trace, **how).occurrences])
    return said(step for (step,) in steps if step)


def interrupted(trace: Path, **how: float) -> Said:
    """With a snapshot and another process in every window."""
    told: dict[tuple[str, str, str, int], float] = {}
    runner = Runner(engine())
    for occurrence in chunk_of(trace, **how).occurrences:
        told |= said([runner.step(occurrence)])
        snapshot, runner = runner.snapshot(), Runner(engine())
        runner.restore(snapshot)
    return told


def holds(prefix: Said, whole: Said, windows: int) -> None:
    """The first windows of the whole say what the prefix says, number for number."""
    theirs = {key: demand for key, demand in whole.items() if key[3] < windows}
    # A node that comes later is not yet in the prefix.
    assert prefix.keys() <= theirs.keys()
    assert prefix == {key: theirs[key] for key in prefix}
    assert {key[3] for key in prefix} == set(range(windows))


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, cut=CUTS, version=st.sampled_from([1, 2]))
def test_a_prefix_of_a_trace_says_what_the_whole_says(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cut: int, version: int
) -> None:
    folder, rows = tmp_path_factory.mktemp("law"), fleet(seed)
    whole = written(folder / "whole", rows, WINDOWS, version)
    prefix = written(folder / "prefix", rows, cut, version)
    told = replayed(whole)
    holds(replayed(prefix), told, cut)
    holds(in_lockstep(prefix), told, cut)
    holds(interrupted(prefix), told, cut)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, rows=st.integers(1, 200), factor=st.sampled_from([1, 2, 3]))
def test_blocks_of_any_size_say_the_same(
    tmp_path_factory: pytest.TempPathFactory, seed: int, rows: int, factor: int
) -> None:
    folder, frames = tmp_path_factory.mktemp("blocks"), fleet(seed)
    whole = written(folder / "whole", frames, WINDOWS, 2)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tables, "BLOCK_ROWS", rows)
        split = written(folder / "split", frames, WINDOWS, 2)
    how = {"scope": float(factor * SLICE)}
    assert replayed(split, **how) == replayed(whole, **how)


def vms_of(seed: int) -> pl.DataFrame:
    """Readings of a data set of VMs, some of them missing, in the layout ``vms``."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(5):
        first = int(rng.integers(0, SAMPLES * WINDOWS // 2))
        last = int(rng.integers(first + 1, SAMPLES * WINDOWS + 1))
        rows += [
            (f"vm-{number}", cell * INTERVAL, float(rng.uniform(0, 2)), 2.0, 5.0, 16.0)
            for cell in range(first, last)
            if cell in {first, last - 1} or rng.random() < 0.6
        ]
    rows += [("vm-9", cell * INTERVAL, 1.0, 2.0, 5.0, 16.0) for cell in range(SAMPLES * WINDOWS)]
    names = ("vm", "time", "cpu_usage", "cpu", "mem_usage", "mem")
    return pl.DataFrame(rows, schema=names, orient="row")


@settings(max_examples=8, deadline=None)
@given(seed=SEEDS, cut=CUTS)
def test_a_prefix_of_a_placed_data_set_says_what_the_whole_says(
    tmp_path_factory: pytest.TempPathFactory, seed: int, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("placed")
    vms_of(seed).write_parquet(folder / "vms.parquet")
    placing = Placing(cores=4.0, memory=64.0)
    placing = replace(placing, shape=replace(placing.shape, scope=SLICE, slice=SLICE))
    place(folder / "vms.parquet", folder / "whole", placing)
    manifest = Manifest.read(folder / "whole")
    rows = [pl.read_parquet(folder / "whole" / name / "00000.parquet") for name in ("nodes", "vms")]
    with TraceWriter(folder / "prefix", replace(manifest, end=cut * SLICE, parts=())) as writer:
        writer.write(*(frame.filter(pl.col("time") < cut * SLICE) for frame in rows))
    holds(replayed(folder / "prefix"), replayed(folder / "whole"), cut)


@settings(max_examples=10, deadline=None)
@given(seed=st.integers(0, 300), data=st.data())
def test_a_prefix_of_the_predecessors_json_says_what_the_whole_says(
    tmp_path_factory: pytest.TempPathFactory, seed: int, data: st.DataObject
) -> None:
    from golden.wild import Maker  # noqa: PLC0415  # a module of tests beside

    folder, trace = tmp_path_factory.mktemp("json"), Maker(seed).make().trace
    windows = len(trace["epoch"])
    cut = data.draw(st.integers(1, windows))
    (folder / "whole.json").write_text(json.dumps(trace))
    prefix = {**trace, "epoch": trace["epoch"][:cut], "node": short(trace["node"], cut)}
    prefix["vm"] = {name: short(vm, cut) for name, vm in trace["vm"].items()}
    (folder / "prefix.json").write_text(json.dumps(prefix))
    holds(replayed(folder / "prefix.json"), replayed(folder / "whole.json"), cut)


def short(owner: Mapping[str, Sequence[object]], cut: int) -> Mapping[str, Sequence[object]]:
    return {"raw_data": owner["raw_data"][:cut]}


def rows_of(*samples: tuple[int, int | None, Sequence[str]]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of one node: for each sample its cell, how many VMs it says it lists, and which."""
    node = [("n", cell * INTERVAL, 8.0, 64.0, 1.0, 1.0, count) for cell, count, _ in samples]
    vms = [
        ("n", vm, cell * INTERVAL, 2.0, 4.0, 0.5, 0.5) for cell, _, names in samples for vm in names
    ]
    of_nodes, of_vms = fleet(0)
    return (
        pl.DataFrame(node, schema=of_nodes.schema, orient="row"),
        pl.DataFrame(vms, schema=of_vms.schema, orient="row"),
    )


def present(place: Path, rows: tuple[pl.DataFrame, pl.DataFrame], version: int = 2) -> list[str]:
    """The VMs of each window, in one word each."""
    chunk = chunk_of(written(place, rows, 4, version))
    return [
        "".join(sorted(one.vm_names[vm] for vm in one.windows[CPU].vms.ids))
        for one in chunk.occurrences
    ]


ONE = [(0, 2, "ab"), (4, None, ""), (8, 1, "a"), (12, None, "")]
LOST = [(0, 2, "ab"), (4, 2, "a"), (8, 0, ""), (12, None, "")]


@pytest.mark.parametrize(
    ("samples", "version", "there"),
    [
        (ONE, 2, ["ab", "ab", "a", "a"]),
        (LOST, 2, ["ab", "ab", "", ""]),  # rows of one that was listed are lost
        (ONE, 1, ["ab", "ab", "a", "a"]),
        (LOST, 1, ["ab", "a", "a", "a"]),  # version 1 cannot say that nobody is left
    ],
)
def test_only_a_sample_that_lists_vms_can_say_that_one_is_gone(
    tmp_path: Path, samples: Sequence[tuple[int, int | None, str]], version: int, there: list[str]
) -> None:
    assert present(tmp_path / "t", rows_of(*samples), version) == there


def test_a_vm_that_is_kept_counts_at_its_last_allocation_and_has_no_usage(tmp_path: Path) -> None:
    chunk = chunk_of(written(tmp_path / "t", rows_of(*ONE), 4, 2))
    second = list(chunk.occurrences)[1]
    for resource, size in zip(RESOURCES, (2.0, 4.0), strict=True):
        assert second.windows[resource].allocated.tolist() == [2 * size]
        assert np.isnan(second.windows[resource].vms.usage).all()


def test_version_1_says_what_it_lacks_and_how_to_mend_it(tmp_path: Path) -> None:
    chunk = chunk_of(written(tmp_path / "t", rows_of(*ONE), 4, 1))
    assert [remark.kind[:29] for remark in chunk.remarks] == ["trace of format version 1, wh"]
    assert not chunk_of(written(tmp_path / "u", rows_of(*ONE), 4, 2)).remarks


def test_a_vm_on_two_nodes_at_once_counts_on_both_and_is_told(tmp_path: Path) -> None:
    nodes, vms = rows_of((0, 1, "a"), (4, 1, "a"), (8, 1, "a"), (12, 1, "a"))
    other = [frame.with_columns(node=pl.lit("m")) for frame in (nodes, vms)]
    later = [frame.filter(pl.col("time") >= 2 * SLICE) for frame in other]
    both = pl.concat([nodes, later[0]]), pl.concat([vms, later[1]])
    chunk = chunk_of(written(tmp_path / "t", both, 4, 2))
    assert [one.windows[CPU].allocated.tolist() for one in chunk.occurrences] == [
        [0.0, 2.0], [0.0, 2.0], [2.0, 2.0], [2.0, 2.0],
    ]  # fmt: skip
    assert [(remark.kind[:33], remark.number) for remark in chunk.remarks] == [
        ("windows of VMs that are on two no", 2)
    ]


def test_signals_are_means_over_a_window_and_age_grows_in_silence(tmp_path: Path) -> None:
    nodes, vms = rows_of((0, 0, ""), (1, 0, ""), (2, 0, ""), (8, 0, ""))
    told = nodes.with_columns(cpu_wait=pl.Series([1.0, 3.0, None, None]), swap_in=pl.lit(None))
    chunk = chunk_of(written(tmp_path / "t", (told, vms), 4, 2))
    signals = [one.signals for one in chunk.occurrences]
    np.testing.assert_array_equal([one["cpu_wait"][0] for one in signals], [2.0] + [np.nan] * 3)
    assert np.isnan([one["swap_in"][0] for one in signals]).all()
    assert [one["age"][0] for one in signals] == [60.0, 300.0, 180.0, 420.0]


def test_several_traces_are_walked_together_without_being_read_whole(tmp_path: Path) -> None:
    from scroogevm.traces.several import open_traces  # noqa: PLC0415  # only here

    paths = [written(tmp_path / name, fleet(at), WINDOWS, 2) for at, name in enumerate("xy")]
    loads = list(open_traces(paths, ReadOptions()).loads())
    first = next(iter(loads[1]().occurrences))
    assert list(first.nodes) == ["y/node-0", "y/node-1", "y/node-2"]
    assert partial(replayed, paths[0])().keys()
