"""The samples and verdicts of the few nodes whose windows are drawn."""

from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.statistics import maximum, mean
from scroogevm.ports import Chunk, Shape
from scroogevm.reports.blocks import Blocks
from scroogevm.reports.lines import Kind, Lines
from scroogevm.reports.node_selection import Few, Focus
from scroogevm.reports.record import Moment, Pair, Record
from scroogevm.reports.verdicts import Verdicts, verdicts_of

POINTS = 600
"""Points of a line at most: of more samples, neighbours are joined."""
WINDOWS_SHOWN = 600
"""Windows of a node whose verdicts are shown: the last ones."""
PLACES = 128
"""Nodes of a chunk that are watched while its windows pass."""
_LINES: Mapping[str, Kind] = {"low": "smallest", "mean": "mean", "high": "largest"}
Kept = tuple[float, int, "Watched"]


@dataclass(frozen=True, eq=False)
class Watched:
    """One node.

    Attributes:
        name: of the node.
        shape: how its windows were cut.
        numbers: count since the start of each window with verdicts, the last ones.
        ends: hours from the origin to the end of each of these, (windows,).
        hours: the same of each point, (points,), of all windows.
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
    """Keeps the first nodes, and those that were quiescent least often."""

    def __init__(self) -> None:
        self._few: Few[Watched] = Few()
        self._seen = 0

    @property
    def open(self) -> Callable[[Chunk], "WatchNotes"]:
        """Opens notes for a chunk."""
        return WatchNotes

    @property
    def nodes(self) -> Sequence[Watched]:
        """The nodes kept, in the order of the trace."""
        return self._few.items

    def accept(self, content: tuple[int, Sequence[Kept]]) -> None:
        """Choose among the nodes of one more chunk."""
        count, found = content
        self._few.keep((interest, self._seen + at, node) for interest, at, node in found)
        self._seen += count

    def close(self) -> None:
        """Nothing waits."""


@dataclass(frozen=True, eq=False)
class _Block:
    """Verdicts on the nodes watched.

    Attributes:
        first: windows of the chunk before it.
        numbers: count of each of its windows since the start.
        ends: hours from the origin to the end of each.
        verdicts: by resource and test.
    """

    first: int
    numbers: Sequence[int]
    ends: Floats
    verdicts: Mapping[Pair, Verdicts]


class WatchNotes:
    """Samples of, and verdicts on, the nodes of a chunk that may be kept."""

    def __init__(self, chunk: Chunk) -> None:
        self._shape = chunk.shape
        self._names = chunk.nodes
        self._expected = chunk.windows
        self._focus = Focus(len(chunk.nodes), PLACES)
        self._interest = np.zeros(len(chunk.nodes))
        self._lines: Lines | None = None
        self._resources: Sequence[str] = ()
        self._points = 1
        self._since = np.zeros(self._focus.nodes.size, np.int64)
        self._windows = 0
        self._said: deque[_Block] = deque()
        self._blocks = Blocks(self._judge)

    def take(self, moment: Moment) -> None:
        """Note an occurrence."""
        if self._lines is None:
            self._resources = list(moment.told)
            samples = max((w.usage.shape[1] for w in moment.windows.values()), default=1)
            self._points = max(1, min(samples, POINTS // max(1, self._expected)))
            kinds = [kind for _ in self._resources for kind in _LINES.values()]
            self._lines = Lines(kinds, self._focus.nodes.size, POINTS)
        if self._blocks.empty:
            self._turn(self._lines)
        self._look(moment, self._lines)
        self._windows += 1
        self._blocks.take(moment)

    def close(self) -> tuple[int, Sequence[Kept]]:
        """How many nodes the chunk has; interest, place and content of those that may be kept."""
        self._blocks.flush()
        size = len(self._names)
        if self._lines is None:
            return size, []
        nodes = self._focus.nodes
        chosen = Few[Watched]().worthwhile(self._interest[nodes])
        rows = self._lines.rows(chosen).reshape(len(chosen), len(self._resources), len(_LINES), -1)
        kept = [
            (float(self._interest[nodes[at]]), int(nodes[at]), self._watched(at, lines))
            for at, lines in zip(chosen, rows, strict=True)
        ]
        return size, kept

    def _look(self, moment: Moment, lines: Lines) -> None:
        """Add the samples of the nodes watched, as so many points."""
        nodes = self._focus.nodes
        slice_ = moment.shape.slice / 3600
        parts = [
            np.array_split(moment.windows[resource].usage[nodes], self._points, axis=1)
            for resource in self._resources
        ]
        for point, samples in enumerate(zip(*parts, strict=True)):
            rows = [row for part in samples for row in (-maximum(-part), mean(part), maximum(part))]
            middle = (point + 0.5) / self._points * slice_
            lines.add(np.stack(rows), moment.hour - slice_ + middle)

    def _judge(self, record: Record) -> None:
        """Keep verdicts on the nodes watched."""
        verdicts = verdicts_of(record)
        nodes = self._focus.nodes.tolist()
        found = {pair: said.only(nodes) for pair, said in verdicts.items()}
        first = self._windows - record.windows
        self._said.append(_Block(first, record.numbers, record.hours, found))
        while sum(len(block.numbers) for block in list(self._said)[1:]) >= WINDOWS_SHOWN:
            self._said.popleft()
        for said in verdicts.values():
            self._interest += (said.judged & ~said.quiescent).sum(axis=0)

    def _turn(self, lines: Lines) -> None:
        """Turn to the nodes that were quiescent least often so far."""
        for place in self._focus.follow(self._interest):
            self._since[place] = self._windows
            lines.blank(place)

    def _watched(self, at: int, lines: Floats) -> Watched:
        blocks = [block for block in self._said if block.first >= self._since[at]]
        pairs = dict.fromkeys(pair for block in blocks for pair in block.verdicts)
        assert self._lines is not None  # noqa: S101  # mypy: it was asked for rows
        return Watched(
            self._names[self._focus.nodes[at]],
            self._shape,
            [number for block in blocks for number in block.numbers][-WINDOWS_SHOWN:],
            np.concatenate([block.ends for block in blocks])[-WINDOWS_SHOWN:],
            self._lines.hours,
            {
                resource: dict(zip(_LINES, rows, strict=True))
                for resource, rows in zip(self._resources, lines, strict=True)
            },
            {
                pair: Verdicts.joined([block.verdicts[pair].only([at]) for block in blocks]).last(
                    WINDOWS_SHOWN
                )
                for pair in pairs
            },
        )
