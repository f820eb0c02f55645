"""The values of each node in each window, as the journal stores them and pages show them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scroogevm.journal import Journal
from scroogevm.offers.offer import STATES
from scroogevm.service.group import GroupWindow
from scroogevm.web.reader import HistoryPoint


def nodes_of(windows: Sequence[GroupWindow]) -> Mapping[str, Sequence[str]]:
    """Names of the nodes of each batch, by ``GROUP/BATCH``."""
    return {
        f"{window.plan.name}/{at}": step.occurrence.nodes
        for window in windows
        for at, step in enumerate(window.steps)
    }


def history_of(windows: Sequence[GroupWindow]) -> Mapping[str, Mapping[str, NDArray[Any]]]:
    """The numbers of each node, by ``GROUP/BATCH`` and name, in single precision."""
    found: dict[str, Mapping[str, NDArray[Any]]] = {}
    for window in windows:
        first = 0
        for at, step in enumerate(window.steps):
            last = first + len(step.occurrence.nodes)
            found[f"{window.plan.name}/{at}"] = _arrays(window, first, last)
            first = last
    return found


def _arrays(window: GroupWindow, first: int, last: int) -> Mapping[str, NDArray[Any]]:
    outline: dict[str, Any] = {"nodes": list(window.nodes[first:last])}
    found: dict[str, NDArray[Any]] = {}
    for resource, one in window.judged.items():
        outline[resource] = list(one.strategies)
        offer = one.offer
        numbers = (offer.capacity, offer.allocated, one.p99, offer.demand, offer.free)
        stacked = np.stack([*numbers, *one.demands])[:, first:last]
        found[resource] = stacked.astype(np.float32)
        found[f"{resource}/state"] = one.state[first:last].astype(np.uint8)
    text = json.dumps(outline).encode()
    return {"outline": np.frombuffer(text, np.uint8), **found}


def read_history(
    journal: Journal, node: str, resource: str, time: tuple[float, float]
) -> Iterator[HistoryPoint]:
    """The values of a node and resource in the journal, in order of time.

    Args:
        journal: to read.
        node: its name.
        resource: ``cpu`` or ``mem``.
        time: range of window ends, seconds since 1970; the second one is exclusive.
    """
    for end, _, arrays in journal.history(journal.places(node), *time):
        outline = json.loads(arrays["outline"].tobytes())
        if node not in outline["nodes"]:
            continue
        row = outline["nodes"].index(node)
        values = [_known(value) for value in arrays[resource][:, row].tolist()]
        capacity, allocated, usage, demand, free, *demands = values
        yield HistoryPoint(
            end,
            capacity,
            allocated,
            usage,
            demand,
            free,
            state=STATES[arrays[f"{resource}/state"][row]],
            demands=dict(zip(outline[resource], demands, strict=True)),
        )


def _known(value: float) -> float | None:
    return value if isfinite(value) else None
