"""Converts a state to named arrays and back, for any format of arrays.

Names are JSON in an array of bytes, because arrays of text would drop zero characters at the end.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scroogevm.core.arrays import Ints
from scroogevm.core.history import Pool
from scroogevm.core.state import Kept, Residents, State
from scroogevm.core.statistics import Ranked
from scroogevm.core.vm_history import Trail
from scroogevm.core.window import VMs, Window

Snapshot = Mapping[str, NDArray[Any]]
"""Arrays by name; ``outline`` has the names and numbers that describe each of them."""

FORMAT = 2
_READABLE = (1, 2)
"""In format 1, VMs of kept windows had all their samples."""
_OUTLINE = "outline"
_VMS = ("ids", "node", "allocated", "usage")
_WINDOW = ("usage", "capacity", "allocated")
_TRAIL = ("seen", "maximum", "total")


Pools = Mapping[tuple[int, str, str], Pool]
"""What strategies know of all nodes together, by slice, resource and strategy."""


def snapshot(state: State, vm_names: Sequence[str] | Mapping[int, str]) -> Snapshot:
    """The whole state of some nodes.

    Args:
        state: of the engine.
        vm_names: name of every VM id in it.
    """
    arrays: dict[str, NDArray[Any]] = {}
    outline = _packed(state, "", arrays)
    used = np.unique(np.concatenate([np.empty(0, np.int64), *_ids(state)])).tolist()
    outline["vms"] = [[number, vm_names[number]] for number in used]
    return with_outline(outline, arrays)


def restored(arrays: Snapshot) -> tuple[State, Mapping[int, str]]:
    """The state, and the name of each VM id in it.

    Raises:
        ValueError: the arrays are not a snapshot, or have another format.
    """
    try:
        outline = outline_of(arrays)
        return _unpacked(outline, "", arrays), dict(outline["vms"])
    except (KeyError, TypeError, IndexError) as error:
        raise ValueError(f"is not a snapshot: {error!r}") from None


def snapshot_of_pools(pools: Pools) -> Snapshot:
    """What strategies know of all nodes together."""
    arrays: dict[str, NDArray[Any]] = {}
    outline = []
    for at, (key, pool) in enumerate(pools.items()):
        outline.append([*key, list(pool)])
        arrays |= {f"{at}/{place}": array for place, array in enumerate(pool.values())}
    return with_outline({"pools": outline}, arrays)


def restored_pools(arrays: Snapshot) -> Pools:
    """The pools.

    Raises:
        ValueError: the arrays are not a snapshot of pools, or have another format.
    """
    try:
        return {
            (slice_, resource, strategy): {
                name: arrays[f"{at}/{place}"] for place, name in enumerate(names)
            }
            for at, (slice_, resource, strategy, names) in enumerate(outline_of(arrays)["pools"])
        }
    except (KeyError, TypeError) as error:
        raise ValueError(f"is not a snapshot of pools: {error!r}") from None


def with_outline(outline: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Snapshot:
    """Arrays, and the names and numbers that describe them."""
    text = json.dumps({"format": FORMAT, **outline}).encode()
    return {**arrays, _OUTLINE: np.frombuffer(text, np.uint8)}


def outline_of(arrays: Snapshot) -> Mapping[str, Any]:
    """The names and numbers of a snapshot.

    Raises:
        ValueError: the format is another one.
        KeyError: there is no outline.
    """
    outline: Mapping[str, Any] = json.loads(np.asarray(arrays[_OUTLINE], np.uint8).tobytes())
    if outline["format"] not in _READABLE:
        raise ValueError(f"format {outline['format']} cannot be read, only up to {FORMAT}")
    return outline


def _packed(state: State, prefix: str, arrays: dict[str, NDArray[Any]]) -> dict[str, Any]:
    """The outline of a state, whose arrays are added."""
    windows: list[list[Any]] = []
    for (slice_, resource), kept in state.windows.items():
        for number, window in kept:
            place = f"{prefix}window/{len(windows)}"
            arrays |= {f"{place}/{name}": getattr(window, name) for name in _WINDOW}
            _pack_vms(window.vms, place, arrays)
            windows.append([slice_, resource, number, window.aggregation])
    memos: list[list[Any]] = []
    for key, memo in state.memos.items():
        place = f"{prefix}memo/{len(memos)}"
        arrays |= {f"{place}/{at}": array for at, array in enumerate(memo.values())}
        memos.append([*key, list(memo)])
    trails: list[list[Any]] = []
    for resource, trail in state.trails.items():
        place = f"{prefix}trail/{len(trails)}"
        arrays |= {f"{place}/{name}": getattr(trail, name) for name in _TRAIL}
        for at, part in enumerate(trail.parts):
            _pack_vms(part, f"{place}/{at}", arrays)
        trails.append([resource, trail.length, len(trail.parts)])
    for at, silence in enumerate(state.silence.values()):
        arrays[f"{prefix}silence/{at}"] = silence
    for at, residents in enumerate(state.residents.values()):
        arrays[f"{prefix}ids/{at}"], arrays[f"{prefix}since/{at}"] = residents
    return {
        "nodes": list(state.nodes),
        "number": state.number,
        "windows": windows,
        "silence": [[*key] for key in state.silence],
        "memos": memos,
        "trails": trails,
        "residents": list(state.residents),
        "left": dict(state.left),
        "away": state.away and _packed(state.away, f"{prefix}away/", arrays),
    }


def _unpacked(outline: Mapping[str, Any], prefix: str, arrays: Snapshot) -> State:
    windows: dict[tuple[int, str], list[Kept]] = {}
    for at, (slice_, resource, number, aggregation) in enumerate(outline["windows"]):
        place = f"{prefix}window/{at}"
        usage, capacity, allocated = (arrays[f"{place}/{name}"] for name in _WINDOW)
        window = Window(usage, capacity, allocated, _unpack_vms(place, arrays), aggregation)
        windows.setdefault((slice_, resource), []).append(Kept(number, window))
    memos = {
        (slice_, resource, strategy): {
            name: arrays[f"{prefix}memo/{at}/{place}"] for place, name in enumerate(names)
        }
        for at, (slice_, resource, strategy, names) in enumerate(outline["memos"])
    }
    trails = {}
    for at, (resource, length, count) in enumerate(outline["trails"]):
        place = f"{prefix}trail/{at}"
        parts = tuple(_unpack_vms(f"{place}/{part}", arrays) for part in range(count))
        trails[resource] = Trail(parts, length, *(arrays[f"{place}/{name}"] for name in _TRAIL))
    return State(
        nodes=outline["nodes"],
        number=outline["number"],
        windows=windows,
        silence={
            (slice_, resource): arrays[f"{prefix}silence/{at}"]
            for at, (slice_, resource) in enumerate(outline["silence"])
        },
        memos=memos,
        trails=trails,
        residents={
            resource: Residents(arrays[f"{prefix}ids/{at}"], arrays[f"{prefix}since/{at}"])
            for at, resource in enumerate(outline["residents"])
        },
        left=outline["left"],
        away=outline["away"] and _unpacked(outline["away"], f"{prefix}away/", arrays),
    )


def _pack_vms(vms: VMs, place: str, arrays: dict[str, NDArray[Any]]) -> None:
    arrays |= {f"{place}/vms/{name}": getattr(vms, name) for name in _VMS}
    if vms.peaks is not None:
        arrays[f"{place}/vms/peaks"] = vms.peaks.ascending
        arrays[f"{place}/vms/present"] = vms.peaks.present
        arrays[f"{place}/vms/samples"] = np.array(vms.peaks.width)


def _unpack_vms(place: str, arrays: Snapshot) -> VMs:
    peaks = None
    if f"{place}/vms/peaks" in arrays:
        ascending, present = (arrays[f"{place}/vms/{name}"] for name in ("peaks", "present"))
        peaks = Ranked(ascending, present, int(arrays[f"{place}/vms/samples"]))
    ids, node, allocated, usage = (arrays[f"{place}/vms/{name}"] for name in _VMS)
    return VMs(ids, node, allocated, usage, peaks)


def _ids(state: State) -> Iterator[Ints]:
    """The ids of all VMs in the state."""
    yield from (window.vms.ids for kept in state.windows.values() for _, window in kept)
    yield from (part.ids for trail in state.trails.values() for part in trail.parts)
    yield from (residents.ids for residents in state.residents.values())
