"""The few nodes whose windows are drawn: samples, and verdicts on them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.statistics import maximum, mean
from scroogevm.ports import Chunk, Shape, Step
from scroogevm.sinks.few import Few
from scroogevm.sinks.ledger import Notes
from scroogevm.sinks.record import Pair, Record
from scroogevm.sinks.verdicts import Verdicts, verdicts_of

POINTS = 600
"""Points of a line at most, unless there are more windows: of more samples, neighbours are joined.
"""
Kept = tuple[float, int, "Watched"]


@dataclass(frozen=True, eq=False)
class Watched:
    """One node.

    Attributes:
        name: of the node.
        shape: how its windows were cut.
        numbers: count of each window since the start.
        ends: hours from the origin to the end of each window, (windows,).
        hours: the same of each point, (points,).
        usage: by resource, then ``low``, ``mean`` and ``high`` of the samples of a point.
        verdicts: by resource and test, of (windows, 1).
    """

    name: str
    shape: Shape
    numbers: Sequence[int]
    ends: Floats
    hours: Floats
    usage: Mapping[str, Mapping[str, Floats]]
    verdicts: Mapping[Pair, Verdicts]

    @property
    def begins(self) -> Floats:
        """Hours from the origin to the begin of each window, (windows,)."""
        return self.ends - self.shape.slice / 3600


class Watch:
    """A sink that keeps the first nodes, and those that were quiescent least often."""

    def __init__(self) -> None:
        self._few: Few[Watched] = Few()
        self._seen = 0

    @property
    def open(self) -> Callable[[Chunk], "WatchPage"]:
        """Opens a page for a chunk."""
        return WatchPage

    @property
    def nodes(self) -> Sequence[Watched]:
        """The nodes kept, in the order of the trace."""
        return self._few.items

    def accept(self, content: tuple[int, Sequence[Kept]]) -> None:
        """Choose among the nodes of one more chunk."""
        count, found = content
        self._few.keep((interest, self._seen + at, node) for interest, at, node in found)
        self._seen += count


class WatchPage:
    """Samples of the nodes of a chunk that may be kept."""

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._notes = Notes(chunk)

    def take(self, step: Step) -> None:
        """Note an occurrence."""
        self._notes.take(step)

    def close(self) -> tuple[int, Sequence[Kept]]:
        """How many nodes the chunk has; interest, place and content of those that may be kept."""
        record = self._notes.close()
        interest = np.zeros(len(record.nodes))
        for said in verdicts_of(record).values():
            interest += (said.judged & ~said.quiescent).sum(axis=0)
        chosen = Few[Watched]().worthwhile(interest)
        nodes = self._watched(record.only(chosen), chosen)
        kept = [(float(interest[at]), at, node) for at, node in zip(chosen, nodes, strict=True)]
        return len(record.nodes), kept

    def _watched(self, record: Record, chosen: Sequence[int]) -> Sequence[Watched]:
        verdicts = verdicts_of(record)
        points = _points(self._chunk)
        usage = {
            resource: _lines(self._chunk, resource, chosen, points) for resource in record.truth
        }
        slice_ = record.shape.slice / 3600
        middles = (np.arange(points) + 0.5) / points * slice_
        hours = (record.hours - slice_)[:, np.newaxis] + middles
        return [
            Watched(
                name,
                record.shape,
                record.numbers,
                record.hours,
                hours.reshape(-1),
                {r: {k: row[at] for k, row in lines.items()} for r, lines in usage.items()},
                {pair: said.of_node(at) for pair, said in verdicts.items()},
            )
            for at, name in enumerate(record.nodes)
        ]


def _points(chunk: Chunk) -> int:
    """Points of a window, the same for all."""
    windows = [window for each in chunk.occurrences for window in each.windows.values()]
    samples = max((window.usage.shape[1] for window in windows), default=1)
    return max(1, min(samples, POINTS // max(1, chunk.windows)))


def _lines(chunk: Chunk, resource: str, nodes: Sequence[int], points: int) -> Mapping[str, Floats]:
    """Lowest, mean and highest sample of each point, (nodes, points of all windows)."""
    found: dict[str, list[Floats]] = {"low": [], "mean": [], "high": []}
    for occurrence in chunk.occurrences:
        usage = occurrence.windows[resource].usage[list(nodes)]
        for part in np.array_split(usage, points, axis=1):
            found["low"].append(-maximum(-part))
            found["mean"].append(mean(part))
            found["high"].append(maximum(part))
    return {name: np.stack(rows, axis=1) for name, rows in found.items()}
