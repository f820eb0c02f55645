"""A cutter whose nodes join and leave cuts as one that knew them all from the start."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scroogevm.ports import RESOURCES, Shape
from scroogevm.traces.cut import CutChunk, Cutter, TimeBlock
from scroogevm.traces.manifest import Manifest
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.remarks import Remarks

_NODES = ("a", "b", "c")
_WINDOWS = 5
_SHAPE = Shape(60.0, 60.0)
_NUMBERS = {"cpu": 8.0, "mem": 1024.0, "cpu_usage": 1.0, "mem_usage": 100.0}


def _chunk(nodes: tuple[str, ...]) -> CutChunk:
    manifest = Manifest(60.0, 60.0, 30.0, end=60.0 * _WINDOWS)
    return CutChunk(_SHAPE, nodes, 1 << 40, tuple, manifest, ReadOptions(), "live")


def _block(window: int, there: dict[str, set[str]]) -> TimeBlock:
    """A window in which these nodes have samples, which list these VMs."""
    times = [60.0 * window, 60.0 * window + 30.0]
    nodes = [
        {"node": node, "time": t, **_NUMBERS, "vms": len(vms)}
        for node, vms in there.items()
        for t in times
    ]
    vms = [
        {"node": node, "vm": vm, "time": t, **_NUMBERS, "cpu": 1.0 + window}
        for node, each in there.items()
        for vm in sorted(each)
        for t in times
    ]
    schema = {"node": pl.String, "time": pl.Float64, **dict.fromkeys(_NUMBERS, pl.Float64)}
    return TimeBlock(
        window,
        window + 1,
        pl.DataFrame(nodes, schema={**schema, "vms": pl.Int32}).sort("node", "time"),
        pl.DataFrame(vms, schema={**schema, "vm": pl.String}).sort("node", "vm", "time"),
    )


_fleets = st.lists(
    st.dictionaries(st.sampled_from(_NODES), st.sets(st.sampled_from(["v", "w"]))),
    min_size=_WINDOWS,
    max_size=_WINDOWS,
)


def _seen(cutter: Cutter, block: TimeBlock) -> dict[str, list[object]]:
    (occurrence,) = cutter.cut(block)
    found: dict[str, list[object]] = {}
    for row, node in enumerate(occurrence.nodes):
        about: list[object] = [occurrence.signals["age"][row]]
        for resource in RESOURCES:
            window = occurrence.windows[resource]
            mine = window.vms.node == row
            names = [occurrence.vm_names[vm] for vm in window.vms.ids[mine].tolist()]
            about += [window.usage[row].tolist(), window.capacity[row], window.allocated[row]]
            about.append(sorted(zip(names, window.vms.allocated[mine].tolist(), strict=True)))
        found[node] = about
    return found


@settings(max_examples=50, deadline=None)
@given(_fleets, st.randoms())
def test_nodes_that_join_later_are_cut_alike(
    fleets: list[dict[str, set[str]]], random: object
) -> None:
    whole = Cutter(_chunk(_NODES), Remarks())
    live = Cutter(_chunk(()), Remarks())
    known: list[str] = []
    for window, there in enumerate(fleets):
        fresh = [node for node in there if node not in known]
        if fresh:
            known += fresh
            random.shuffle(known)  # type: ignore[attr-defined]
            live.realign(known)
        arrays = live.snapshot()
        live = Cutter(_chunk(()), Remarks())
        live.restore(arrays)
        block = _block(window, there)
        expected = _seen(whole, block)
        told = _seen(live, block)
        assert repr(told) == repr({node: expected[node] for node in told})
        if window % 2:
            live.roster.compact()


def test_nodes_that_leave_are_forgotten() -> None:
    cutter = Cutter(_chunk(("a", "b")), Remarks())
    _seen(cutter, _block(0, {"a": {"v"}, "b": {"w"}}))
    cutter.realign(["b"])
    assert _seen(cutter, _block(1, {"b": {"w"}}))["b"][4] == [("w", 2.0)]
    cutter.realign(["b", "a"])
    told = _seen(cutter, _block(2, {"b": {"w"}}))
    assert np.isnan(float(str(told["a"][0])))
    assert told["a"][2:5] == [0.0, 0.0, []]


def test_what_is_no_snapshot_is_refused() -> None:
    with pytest.raises(ValueError, match="not a snapshot"):
        Cutter(_chunk(()), Remarks()).restore({})
