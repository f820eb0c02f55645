"""Writes ``reliability``: the requested rates of strategies, and the measured ones by group."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from scroogevm.core.arrays import Bools, Floats, Ints
from scroogevm.core.statistics import divide
from scroogevm.ports import Chunk
from scroogevm.reports.record import Moment, Pair
from scroogevm.reports.table import Format, ResultTable
from scroogevm.scoring import ROUNDING, positive

BY = ("hour", "day", "arrival", "node")
"""The groups of windows: by hour of the day, day since the start, windows since the last VM arrived
on the node or grew, and node."""
AGES = ("0", "1", "2-3", "4-7", "8+")
_AGES = (1, 2, 4, 8)
"""The begin of each of ``AGES`` except the first, in windows."""
CURVE = 200
"""Points at most of the curve of rates by node."""
_HOUR, _DAY = 3600.0, 86400.0

Key = tuple[str, str, str, str]
"""Resource, strategy, one of ``BY``, and its value."""
Tally = Mapping[Key, Ints]
"""How many windows were judged, and how many of them exceeded the promise, (2,)."""


class Reliability:
    """Counts windows of strategies that state a risk, and writes the table.

    Args:
        directory: where the files go.
        formats: of the files.
        risks: the risk of each strategy that states one.
        tolerance: excess, as a share of capacity, that does not yet count.
    """

    def __init__(
        self,
        directory: Path,
        formats: Sequence[Format],
        risks: Mapping[Pair, float],
        tolerance: float = 0.0,
    ) -> None:
        self._table = ResultTable(directory, "reliability", formats, lines=True)
        self._risks = risks
        self._tolerance = tolerance
        self._tally: dict[Key, Ints] = {}

    @property
    def open(self) -> Callable[[Chunk], "ReliabilityNotes"]:
        """Opens notes for a chunk."""
        return partial(ReliabilityNotes, self._risks, self._tolerance)

    def accept(self, tally: Tally) -> None:
        """Add one more chunk."""
        for key, counts in tally.items():
            self._tally[key] = self._tally.get(key, 0) + counts

    def close(self) -> None:
        """Write the table."""
        for (resource, strategy), risk in self._risks.items():
            for by in BY:
                found = self._counted(resource, strategy, by)
                windows, short = (np.array([row[at] for row in found.values()]) for at in (0, 1))
                if found:
                    self._table.append(
                        pl.DataFrame(
                            {
                                "resource": [resource] * len(found),
                                "strategy": [strategy] * len(found),
                                "risk": [risk] * len(found),
                                "by": [by] * len(found),
                                "value": list(found),
                                "windows": windows,
                                "short": short,
                                "rate": _rates(found.values()),
                            }
                        )
                    )
        self._table.close()

    def drawn(self) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """The data of the report: by resource, the requested and measured rate of each strategy."""
        found: dict[str, list[Mapping[str, Any]]] = {}
        for (resource, strategy), risk in self._risks.items():
            by = {name: self._counted(resource, strategy, name) for name in BY}
            windows, short = sum(by["hour"].values(), np.zeros(2, np.int64)).tolist()
            if not windows:
                continue
            curve = np.sort(_rates(by.pop("node").values()))
            few = np.linspace(0, curve.size - 1, min(curve.size, CURVE)).round().astype(np.int64)
            points = {
                name: [[value, round(rate, 6)] for value, rate in zip(each, rates, strict=True)]
                for name, each in by.items()
                for rates in [_rates(each.values()).tolist()]
            }
            one = {"strategy": strategy, "asked": risk, "got": round(short / windows, 6), **points}
            nodes = [round(rate, 6) for rate in curve[few].tolist()]
            found.setdefault(resource, []).append({**one, "node": nodes})
        return found

    def _counted(self, resource: str, strategy: str, by: str) -> Mapping[str, Ints]:
        """The counts of each value for which a window was judged, in order."""
        mine = (resource, strategy, by)
        values = [key[3] for key, counts in self._tally.items() if key[:3] == mine and counts[0]]
        order: Mapping[str, Callable[[str], int]] = {"arrival": AGES.index, "node": lambda _: 0}
        values.sort(key=order.get(by, int))  # nodes stay in the order of the trace
        return {value: self._tally[*mine, value] for value in values}


def _rates(counts: Iterable[Ints]) -> Floats:
    """The share of windows that exceeded the promise."""
    rows = np.array(list(counts), np.float64).reshape(-1, 2)
    return divide(rows[:, 1], rows[:, 0])


class ReliabilityNotes:
    """Counts the windows of a chunk; memory grows with nodes and days."""

    def __init__(self, risks: Mapping[Pair, float], tolerance: float, chunk: Chunk) -> None:
        self._risks = risks
        self._tolerance = tolerance
        self._shape = chunk.shape
        self._nodes = chunk.nodes
        self._ages: dict[str, Ints] = {}
        self._tally: dict[Key, Ints] = {}
        self._of_nodes: dict[Pair, Ints] = {}

    def take(self, moment: Moment) -> None:
        """Count one window."""
        begin = moment.end - self._shape.slice
        hour = str(int(begin % _DAY // _HOUR))
        day = str(int((begin - self._shape.origin) // _DAY))
        for resource, told in moment.told.items():
            asked = [
                (at, strategy)
                for at, strategy in enumerate(told.strategies)
                if (resource, strategy) in self._risks
            ]
            if not asked:
                continue
            age = self._aged(resource, told.truth.added > 0)
            for at, strategy in asked:
                excess = told.settled.excess[at] / positive(told.truth.capacity)
                short = excess > self._tolerance + ROUNDING
                counts = np.stack([~np.isnan(excess), short]).astype(np.int64)
                pair = (resource, strategy)
                self._of_nodes[pair] = self._of_nodes.get(pair, 0) + counts
                self._count(pair, "hour", hour, counts.sum(axis=1))
                self._count(pair, "day", day, counts.sum(axis=1))
                for place, name in enumerate(AGES):
                    self._count(pair, "arrival", name, counts[:, age == place].sum(axis=1))

    def close(self) -> Tally:
        """The counts."""
        for (resource, strategy), counts in self._of_nodes.items():
            for node, each in zip(self._nodes, counts.T, strict=True):
                self._tally[resource, strategy, "node", node] = each
        return self._tally

    def _aged(self, resource: str, came: Bools) -> Ints:
        """The position in ``AGES`` of each node, (nodes,); a node without new VMs has the last."""
        before = self._ages.get(resource, np.full(came.size, _AGES[-1]))
        self._ages[resource] = now = np.where(came, 0, np.minimum(before + 1, _AGES[-1]))
        return np.searchsorted(_AGES, now, side="right")

    def _count(self, pair: Pair, by: str, value: str, counts: Ints) -> None:
        key = (*pair, by, value)
        self._tally[key] = self._tally.get(key, 0) + counts
