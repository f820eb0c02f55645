"""Our own format as it is read: what may be odd about it, and what is refused."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from helpers import walked
from scroogevm.errors import TraceError
from scroogevm.ports import RESOURCES, Chunk
from scroogevm.traces.format import open_trace
from scroogevm.traces.generate import Workload, generate
from scroogevm.traces.manifest import MANIFEST
from scroogevm.traces.options import ReadOptions

Tables = Mapping[str, pl.DataFrame]
Spoil = Callable[[pl.DataFrame], pl.DataFrame]
WORKLOAD = Workload("churn", nodes=2, vms=3, cores=16, windows=4, scope=300, interval=60)
PLAIN = ReadOptions()


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Tables:
    place = tmp_path_factory.mktemp("traces") / "trace"
    generate(WORKLOAD, place)
    names = pl.col(pl.Categorical).cast(pl.String)
    return {
        name: pl.read_parquet(place / name / "00000.parquet").with_columns(names)
        for name in ("nodes", "vms")
    }


def write(place: Path, *parts: Tables, **said: object) -> Path:
    """A trace of these tables as they are, good or bad."""
    listed = [{"name": f"{n}", "nodes": 1, "vm_rows": 0} for n in range(len(parts))]
    content = {**json.loads(WORKLOAD.manifest.to_json()), "parts": listed, **said}
    for number, part in enumerate(parts):
        for name, table in part.items():
            (place / name).mkdir(parents=True, exist_ok=True)
            table.write_parquet(place / name / f"{number}.parquet")
    place.mkdir(exist_ok=True)
    (place / MANIFEST).write_text(json.dumps(content))
    return place


def read(place: Path, options: ReadOptions = PLAIN) -> Sequence[Chunk]:
    chunks = [load() for load in open_trace(place, options).loads()]
    for chunk in chunks:
        assert len(walked(chunk)) == chunk.windows
    return chunks


def same(one: Chunk, other: Chunk) -> None:
    assert list(one.nodes) == list(other.nodes)
    assert len(walked(one)) == len(walked(other))
    for mine, theirs in zip(one.occurrences, other.occurrences, strict=True):
        for r in RESOURCES:
            a, b = mine.windows[r], theirs.windows[r]
            for name in ("usage", "capacity", "allocated"):
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
            np.testing.assert_array_equal(a.vms.ids, b.vms.ids)
            np.testing.assert_array_equal(a.vms.usage, b.vms.usage)
            np.testing.assert_array_equal(a.vms.allocated, b.vms.allocated)


def at(row: int, column: str, value: object) -> Spoil:
    """A cell that holds something else."""
    here = pl.int_range(pl.len()) == row
    return lambda table: table.with_columns(
        pl.when(here).then(pl.lit(value)).otherwise(column).alias(column)
    )


HARMLESS: Mapping[str, tuple[str, Spoil]] = {
    "nodes in any order of rows": ("nodes", lambda t: t.sample(fraction=1, shuffle=True, seed=1)),
    "vms in any order of rows": ("vms", lambda t: t.sample(fraction=1, shuffle=True, seed=1)),
    "whole numbers": ("nodes", lambda t: t.with_columns(pl.col("cpu", "mem").cast(pl.Int32))),
    "names as categories": ("vms", lambda t: t.with_columns(pl.col("vm").cast(pl.Categorical))),
    "a further column": ("vms", lambda t: t.with_columns(more=pl.lit("x"))),
    "a capacity that is null for a moment": ("nodes", at(4, "cpu", None)),
    "a capacity that is NaN for a moment": ("nodes", at(4, "cpu", float("nan"))),
    "an allocation that is null for a moment": ("vms", at(4, "mem", None)),
    "an allocation that is NaN for a moment": ("vms", at(4, "mem", float("nan"))),
}


@pytest.mark.parametrize("case", HARMLESS)
def test_what_is_only_written_differently_reads_the_same(
    tables: Tables, tmp_path: Path, case: str
) -> None:
    table, spoil = HARMLESS[case]
    spoilt = write(tmp_path / "spoilt", {**tables, table: spoil(tables[table])})
    (one,), (other,) = read(write(tmp_path / "plain", tables)), read(spoilt)
    same(one, other)


def test_null_and_nan_are_the_same_missing_sample(tables: Tables, tmp_path: Path) -> None:
    found: list[Chunk] = []
    for name, value in (("null", None), ("nan", float("nan"))):
        spoilt = at(7, "cpu_usage", value)(tables["nodes"])
        found += read(write(tmp_path / name, {**tables, "nodes": spoilt}))
    same(*found)
    assert np.isnan(walked(found[0])[1].windows["cpu"].usage[0]).tolist() == [
        False, False, True, False, False,
    ]  # fmt: skip


BAD: Mapping[str, tuple[str, Spoil, str]] = {
    "no column": ("nodes", lambda t: t.drop("mem"), "nodes/0.parquet: mem: is missing"),
    "text": ("vms", lambda t: t.with_columns(pl.col("cpu").cast(pl.String)), "cpu: is String"),
    "a time of day": (
        "nodes",
        lambda t: t.with_columns(pl.from_epoch("time")),
        "time: is Datetime",
    ),
    "truth values": ("nodes", lambda t: t.with_columns(cpu_usage=True), "cpu_usage: is Boolean"),
    "negative usage": ("nodes", at(5, "cpu_usage", -1.0), "time 300: cpu_usage: -1 is not a usage"),
    "negative capacity": ("nodes", at(5, "cpu", -1.0), "time 300: cpu: -1 is not a usage or size"),
    "infinite usage": ("vms", at(0, "mem_usage", float("inf")), "mem_usage: inf is not a usage"),
    "percent of a node": ("nodes", at(0, "cpu_usage", 90.0), "90 of 16 is absurd; usage and size"),
    "rows twice": ("nodes", lambda t: pl.concat([t, t]), "a second sample in one interval"),
    "a row twice": ("vms", lambda t: pl.concat([t, t.head(1)]), "a second sample in one interval"),
    "time backwards": ("nodes", lambda t: t.sort("node", -pl.col("time")), "not sorted by time"),
    "a time before": ("vms", at(0, "time", -60), "time -60: time: -60 is not in the trace"),
    "a time after": ("nodes", at(3, "time", 1200), "1200 is not in the trace; from 0 to before"),
    "no time": ("vms", at(3, "time", None), "row 3: time: is null"),
    "no name": ("vms", at(3, "vm", None), "row 3: vm: is null"),
    "VMs on no node": (
        "vms",
        lambda t: t.with_columns(node="ghost " + pl.col("node")),
        "node ghost node-0 has no samples",
    ),
    "no node": ("nodes", lambda t: t.clear(), "nodes: has no rows"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_must_not_be_believed_is_refused_with_its_place(
    tables: Tables, tmp_path: Path, case: str
) -> None:
    table, spoil, told = BAD[case]
    spoilt = write(tmp_path / "spoilt", {**tables, table: spoil(tables[table])})
    with pytest.raises(TraceError, match=told) as caught:
        read(spoilt)
    assert str(caught.value).startswith(str(spoilt))
    assert "\n" not in str(caught.value)


def test_nodes_without_vms_have_promised_nothing(tables: Tables, tmp_path: Path) -> None:
    (chunk,) = read(write(tmp_path / "t", {**tables, "vms": tables["vms"].clear()}))
    assert [one.windows["cpu"].allocated.tolist() for one in chunk.occurrences] == [[0, 0]] * 4


def test_a_node_in_two_parts_is_refused(tables: Tables, tmp_path: Path) -> None:
    whose = pl.col("node") == "node-0"
    one, other = ({k: t.filter(w) for k, t in tables.items()} for w in (whose, ~whose))
    assert len(read(write(tmp_path / "apart", one, other))) == 2
    twice = write(tmp_path / "twice", one, other, one)
    with pytest.raises(TraceError, match="node node-0: is in part 0 and in part 2; a node"):
        read(twice)


def test_a_trace_without_parts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TraceError, match="has no parts"):
        read(write(tmp_path / "t"))


def test_a_rest_of_time_that_fills_no_window_is_left_out(tables: Tables, tmp_path: Path) -> None:
    trace = write(tmp_path / "t", tables)
    (chunk,) = read(trace, ReadOptions(scope=540))
    assert [one.end for one in chunk.occurrences] == [540, 1080]
    with pytest.raises(TraceError, match="lasts 1200 s, less than a slice of 1260 s; a shorter"):
        read(trace, ReadOptions(scope=1260))
