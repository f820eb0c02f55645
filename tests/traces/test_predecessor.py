"""Reading the predecessor's JSON: what is odd is said, what is wrong is refused."""

import copy
import gzip
import itertools
import json
import lzma
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from helpers import steps, walked
from predecessors import trace
from scroogevm.config import default_strategies
from scroogevm.engine import Engine
from scroogevm.errors import ScroogeError, TraceError
from scroogevm.ports import RESOURCES, STRATEGIES, Chunk
from scroogevm.traces.format import open_trace
from scroogevm.traces.options import ReadOptions

Spoil = Callable[[dict[str, Any]], Any]


def load(path: Path, **options: Any) -> Chunk:
    (load,) = open_trace(path, ReadOptions(**options)).loads()
    return load()


def written(folder: Path, content: Any) -> Path:
    path = folder / "a.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def demands(chunk: Chunk) -> dict[str, list[float]]:
    built = {
        r: {name: STRATEGIES.build(name, r) for name in default_strategies()} for r in RESOURCES
    }
    engine = Engine(built, chunk.shape.kept, chunk.shape.slices)
    found: dict[str, list[float]] = {}
    for step in steps(engine, walked(chunk))[1]:
        for resource, answers in step.estimates.items():
            for name, answer in answers.items():
                found.setdefault(f"{resource} {name}", []).append(float(answer.demand[0]))
    return found


def test_a_small_trace_reads_as_it_is_meant(tmp_path: Path) -> None:
    chunk = load(written(tmp_path, trace()))
    first, second = (one.windows["cpu"] for one in walked(chunk)[:2])
    assert chunk.nodes == ("node-a",)
    assert (chunk.shape.scope, chunk.shape.slices, chunk.shape.kept) == (30, 1, 2)
    assert first.allocated.tolist() == [2]
    assert second.allocated.tolist() == [6]
    assert first.usage[0, 0] == 0.5
    assert first.vms.usage[0, 0] == 0.2 * 2  # a fraction of two cores


def test_usage_in_cores_is_taken_as_it_is(tmp_path: Path) -> None:
    chunk = load(written(tmp_path, trace()), vm_cpu_usage="cores")
    assert walked(chunk)[0].windows["cpu"].vms.usage[0, 0] == 0.2


@pytest.mark.parametrize(
    ("suffix", "compress"),
    [
        (".json.gz", gzip.compress),
        (".json.xz", lzma.compress),
        (".json.zst", zstandard.ZstdCompressor().compress),
        (".json.gz", lzma.compress),  # known by content, not by name
        (".xz", lzma.compress),
        (".gz", gzip.compress),
        ("", zstandard.ZstdCompressor().compress),
    ],
)
def test_compressed_traces_read_alike(
    tmp_path: Path, suffix: str, compress: Callable[[bytes], bytes]
) -> None:
    plain = load(written(tmp_path, trace()))
    packed = tmp_path / f"b{suffix}"
    packed.write_bytes(compress(json.dumps(trace()).encode()))
    assert demands(load(packed)) == demands(plain)
    packed.write_bytes(packed.read_bytes()[:-20])
    with pytest.raises(TraceError, match=r"cannot be read"):
        load(packed)


def test_a_name_that_is_no_unicode_is_refused_as_such(tmp_path: Path) -> None:
    (tmp_path / "t.json").write_text(r'{"config": {"node_name": "\ud800"}}')
    with pytest.raises(TraceError, match=r"is not JSON: .* a text is not Unicode"):
        next(iter(open_trace(tmp_path / "t.json", ReadOptions()).loads()))()


def test_a_trace_is_known_by_how_it_begins_whatever_its_name(tmp_path: Path) -> None:
    (tmp_path / "trace").write_text("\n " + json.dumps(trace()))
    assert load(tmp_path / "trace").nodes == ("node-a",)
    (tmp_path / "notes.txt").write_text("dear diary")
    with pytest.raises(TraceError, match="not a trace that can be replayed"):
        load(tmp_path / "notes.txt")


def test_nulls_and_short_lists_are_missing_samples_and_said(tmp_path: Path) -> None:
    spoilt = trace()
    spoilt["node"]["raw_data"][1]["cpu_usage"][2] = None
    spoilt["vm"]["vm-a"]["raw_data"][2]["mem_usage"] = [10.0]
    del spoilt["vm"]["vm-b"]["raw_data"][3]["cpu_usage"]
    chunk = load(written(tmp_path, spoilt))
    window = walked(chunk)[1].windows["cpu"]
    assert np.isnan(window.usage[0]).tolist() == [False, False, True, False, False, False]
    assert window.present.tolist() == [5]
    assert [(remark.number, remark.where[-31:]) for remark in chunk.remarks] == [
        (1, "a.json: node.raw_data[1].cpu_usage[2]"[-31:])
    ]
    assert all(map(math.isfinite, sum(demands(chunk).values(), [])))


@pytest.mark.parametrize("options", [{}, {"scope": 30.0}], ids=["as-it-is", "cut-again"])
def test_a_node_is_full_while_the_size_of_a_vm_is_unknown(
    tmp_path: Path, options: dict[str, Any]
) -> None:
    spoilt = trace()
    late = spoilt["vm"]["vm-b"]["raw_data"]
    del late[1]["cpu"]
    late[2]["cpu"] = []
    chunk = load(written(tmp_path, spoilt), **options)
    allocated = [one.windows["cpu"].allocated[0] for one in chunk.occurrences]
    assert allocated == [2, 8, 8, 6]
    (remark,) = (remark for remark in chunk.remarks if "count as full" in remark.kind)
    assert remark.kind.startswith("VMs of unknown cpu allocation")
    assert "vm-b" in remark.where
    found = demands(chunk)
    assert found["cpu rc-like"][1:3] == found["cpu max-peak"][1:3] == [8, 8]


def test_a_vm_that_repeats_its_last_object_has_left_for_its_slice(tmp_path: Path) -> None:
    repeated = trace(6)
    repeated["config"] |= {"node_scope": 60, "number_of_slice": 2}
    raw = repeated["vm"]["vm-a"]["raw_data"]
    raw[3:] = [copy.deepcopy(raw[2]) for _ in raw[3:]]
    chunk = load(written(tmp_path, repeated))
    # Occurrence 3 is the first of its slice to hold the object, 4 and 5 repeat 2 and 3.
    assert [0 in one.windows["cpu"].vms.ids for one in chunk.occurrences] == 4 * [True] + 2 * [
        False
    ]


def at(*path: Any) -> Callable[[Any], Spoil]:
    """Replace what stands at a path."""

    def replacing(value: Any) -> Spoil:
        def spoil(content: dict[str, Any]) -> None:
            owner: Any = content
            for key in path[:-1]:
                owner = owner[key]
            if value is KeyError:
                del owner[path[-1]]
            else:
                owner[path[-1]] = value

        return spoil

    return replacing


USAGE = at("node", "raw_data", 1, "cpu_usage", 3)
REFUSED = {
    "no config": (at("config")(KeyError), "config: is missing"),
    "no scope": (at("config", "node_scope")(KeyError), "config.node_scope: is missing"),
    "scope of text": (
        at("config", "node_scope")("1 h"),
        "config.node_scope: '1 h' is not a number",
    ),
    "slices do not divide": (at("config", "slice_scope")(20), "config.slice_scope: 20 s do not"),
    "wrong number of slices": (at("config", "number_of_slice")(3), "config.number_of_slice"),
    "negative history": (at("config", "historical_occurences")(-1), "config.historical_occurences"),
    "no epoch": (at("epoch")(KeyError), "epoch: "),
    "epoch falls": (at("epoch", 0)(1e6), "epoch: is not a rising list"),
    "epoch too short": (at("epoch")([30, 60]), "node.raw_data: has 4 occurrences, epoch has 2"),
    "vm too short": (at("vm", "vm-a", "raw_data")([{}]), "vm.vm-a.raw_data: has 1 occurrences"),
    "no node": (at("node")(KeyError), "node: is missing"),
    "no vm": (at("vm")(KeyError), "vm: is missing"),
    "no raw data": (at("vm", "vm-a")({}), "vm.vm-a.raw_data: is missing"),
    "vm is a list": (at("vm", "vm-a")([]), "vm.vm-a: is not an object"),
    "occurrence is null": (at("node", "raw_data", 2)(None), "node.raw_data[2]: is not an object"),
    "node never had a size": (at("node", "raw_data", 0, "cpu")([]), "node.raw_data[0].cpu: is"),
    "text for a sample": (USAGE("0.5"), "node.raw_data[1].cpu_usage[3]: '0.5' is not a number"),
    "true for a sample": (USAGE(True), "node.raw_data[1].cpu_usage[3]: True is not a number"),
    "list of one number for a sample": (
        at("vm", "vm-a", "raw_data", 1, "cpu_usage", 3)([0.1]),
        "vm.vm-a.raw_data[1].cpu_usage: contains lists",
    ),
    "list in epoch": (at("epoch", 1)([60]), "epoch: contains lists"),
    "scope of no time": (at("config", "node_scope")(5e-324), "config.node_scope: 4.94066e-324 s"),
    "slice of no time": (at("config", "slice_scope")(5e-324), "config.slice_scope: 4.94066e-324 s"),
    "slices without end": (
        at("config")({"node_scope": 1e9, "slice_scope": 1e-3}),
        "config.slice_scope: 0.001 s makes more than 1,000,000 slices",
    ),
    "list for a sample": (USAGE([1.0, 2.0]), "node.raw_data[1].cpu_usage"),
    "negative usage": (USAGE(-0.5), "node.raw_data[1].cpu_usage[3]: -0.5 is not a usage"),
    "absurd usage": (USAGE(1e9), "node.raw_data[1].cpu_usage[3]: 1e+09 of 8 is absurd"),
    "not a list": (
        at("node", "raw_data", 1, "cpu_usage")(3),
        "node.raw_data[1].cpu_usage: is not a list",
    ),
    "negative size": (
        at("vm", "vm-a", "raw_data", 1, "cpu")([-2]),
        "vm.vm-a.raw_data[1].cpu[-1]: -2 is not a size",
    ),
    "negative vm usage": (
        at("vm", "vm-b", "raw_data", 2, "mem_usage", 4)(-1),
        "vm.vm-b.raw_data[2].mem_usage[4]: -1 is not a usage",
    ),
    "cores where a fraction is meant": (
        at("vm", "vm-b", "raw_data", 2, "cpu_usage", 4)(3.5),
        "vm.vm-b.raw_data[2].cpu_usage[4]: is not a fraction of the allocation",
    ),
    "bytes where MiB are meant": (
        at("vm", "vm-b", "raw_data", 2, "mem_usage", 4)(512 * 2**20),
        "vm.vm-b.raw_data[2].mem_usage[4]",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_makes_no_sense_is_refused_with_its_place(tmp_path: Path, case: str) -> None:
    spoil, place = REFUSED[case]
    content = trace()
    spoil(content)
    path = written(tmp_path, content)
    with pytest.raises(TraceError) as caught:
        load(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert place in str(caught.value)
    assert "\n" not in str(caught.value)


SECONDS = [5e-324, 1e-320, 2.3e-308, 1e-300, 1e-9, 1e-3, 1, 60, 1e9, 1e15, 1.7e308, 0, -5e-324]


def test_a_scope_and_a_slice_of_any_size_are_read_or_refused(tmp_path: Path) -> None:
    for scope, piece in itertools.product(SECONDS, SECONDS):
        content = trace()
        content["config"] = {"node_scope": scope, "slice_scope": piece}
        path = written(tmp_path, content)
        try:
            load(path)
        except TraceError as error:
            assert str(error).startswith(f"{path}: config."), (scope, piece)
        else:
            assert 1e-3 <= piece <= scope <= 1e9


TEXTS = {
    "nothing": ("", "is not JSON"),
    "truncated": (json.dumps(trace())[:-100], "is not JSON"),
    "no JSON": ("node,cpu\na,1\n", "is not JSON"),
    "NaN": (json.dumps(trace()).replace("0.55", "NaN"), "NaN is not a JSON number"),
    "infinity": (json.dumps(trace()).replace("0.55", "-Infinity"), "is not a JSON number"),
    "huge number": (json.dumps(trace()).replace("0.55", "1e999"), "is not JSON"),
    "a list": ("[1, 2]", "is not a JSON object"),
    "not UTF-8": (None, "is not JSON"),
    "twice the same VM": (json.dumps(trace()).replace("vm-b", "vm-a"), "vm.vm-a: is there twice"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_files_that_are_no_trace_are_refused(tmp_path: Path, case: str) -> None:
    text, problem = TEXTS[case]
    path = tmp_path / "a.json"
    path.write_bytes(b'{"a": "\xff\xfe"}' if text is None else text.encode())
    with pytest.raises(TraceError, match=problem) as caught:
        load(path)
    assert str(path) in str(caught.value)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of everything in a JSON document."""
    found = [path] if path else []
    if isinstance(content, dict):
        for key, value in content.items():
            found += places(value, (*path, key))
    elif isinstance(content, list):
        for key, value in enumerate(content):
            found += places(value, (*path, key))
    return found


junk = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.text(max_size=3),
    st.just([]),
    st.just({}),
    st.lists(st.one_of(st.none(), st.floats(), st.integers()), max_size=8),
    st.just(KeyError),
)


@given(changes=st.lists(st.tuples(st.sampled_from(places(trace())), junk), min_size=1, max_size=3))
@settings(
    max_examples=300,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_a_mutated_trace_is_read_or_refused_in_one_line(
    tmp_path: Path, changes: list[tuple[tuple[Any, ...], Any]]
) -> None:
    content = trace()
    for place, value in changes:
        try:
            at(*place)(value)(content)
        except (KeyError, IndexError, TypeError):
            continue  # an earlier change removed the place
    path = tmp_path / "a.json"
    path.write_text(json.dumps(content))
    try:
        chunk = load(path)
        found = demands(chunk)
    except ScroogeError as error:
        assert str(error).startswith(str(path))
        assert "\n" not in str(error)
        return
    for name, values in found.items():
        assert all(map(math.isfinite, values)), name
    capacity = [one.windows["cpu"].capacity[0] for one in chunk.occurrences]
    usage = [np.nanmax(one.windows["cpu"].usage, initial=0) for one in chunk.occurrences]
    assert all(0 <= used <= 2 * size for used, size in zip(usage, capacity, strict=True))


@given(cut=st.integers(0, 4000), flip=st.integers(0, 255), place=st.integers(0, 4000))
@settings(
    max_examples=200,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_damaged_bytes_are_read_or_refused_in_one_line(
    tmp_path: Path, cut: int, flip: int, place: int
) -> None:
    content = bytearray(json.dumps(trace()).encode())
    content[place % len(content)] = flip
    path = tmp_path / "a.json"
    path.write_bytes(bytes(content[: len(content) - cut % 50]))
    try:
        demands(load(path))
    except ScroogeError as error:
        assert "\n" not in str(error)  # most, not all, damage is refused


def test_a_new_scope_joins_windows_where_samples_allow(tmp_path: Path) -> None:
    path = written(tmp_path, trace())
    joined = load(path, scope=60.0)
    assert len(walked(joined)) == 2
    apart = load(path)
    both = np.concatenate([one.windows["cpu"].usage for one in walked(apart)[:2]], axis=1)
    np.testing.assert_allclose(walked(joined)[0].windows["cpu"].usage, both)
    assert len(walked(load(path, scope=30.0, slice=10.0))) == 12
    with pytest.raises(ScroogeError, match="not a multiple of the interval"):
        load(path, scope=60.0, slice=7.0)
