"""What exporters said of a node, joined from all its targets."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.samples import Recorded, Rows
from scroogevm.stores._rows import Pieces
from scroogevm.stores._series import Series
from scroogevm.telemetry import columns, pieces
from scroogevm.telemetry.dialect import Dialect

_Key = tuple[int, str, str, str]
"""Rank and name of a dialect, and job and instance of a target."""

Span = tuple[float, float]
"""First second, and the second that comes after the last."""


@dataclass
class Scraped:
    """Everything that was scraped of one node in some time.

    Attributes:
        node: its name.
        dialects: that are understood.
        replicas: labels by which servers that scrape the same differ.
        longest: seconds between two readings above which no rate is given.
    """

    node: str
    dialects: Sequence[Dialect]
    replicas: Sequence[str]
    longest: float
    _found: dict[_Key, dict[tuple[str, ...], list[columns.Series]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, series: Series) -> None:
        """Take a series in, if some dialect understands it."""
        labels = series.labels
        replica = tuple(labels.get(name, "") for name in self.replicas)
        for dialect in self.dialects:
            places = dialect.places(series.name, labels)
            if places and series.time.size:
                target = labels.get("job", ""), labels.get("instance", "")
                found = self._found[(dialect.rank, dialect.name, *target)][replica]
                time = series.time / 1000
                found += [columns.Series(self.node, place, time, series.values) for place in places]

    def put(self, nodes: Pieces, vms: Pieces, span: Span) -> None:
        """Put the rows of some time to others.

        The most believed source that says a quantity of the node at all gives that quantity, and
        the most believed one that knows VMs gives them.

        Args:
            nodes: takes rows of the node.
            vms: takes rows of its VMs.
            span: the time.
        """
        wanted = {*nodes.quantities, *vms.quantities}
        sources = [columns.quantities(each, wanted, self.longest) for each in self._sources()]
        grid = _grid(sources)
        taken: set[str] = set()
        for source in sources:
            for owner, piece in pieces.apart(source.nodes):
                said = {
                    name: values
                    for name, values in piece.values.items()
                    if name not in taken and not np.isnan(values).all()
                }
                taken |= said.keys()
                if said:
                    _put(nodes, owner, aligned(piece.time, grid), said, span)
        speaker = next((source.vms for source in sources if len(source.vms)), Rows.none(()))
        for owner, piece in pieces.apart(speaker):
            _put(vms, owner, aligned(piece.time, grid), piece.values, span)

    def _sources(self) -> Iterable[Sequence[columns.Series]]:
        """Each dialect of each target, the most believed one first; of replicas the fullest."""
        for _, replicas in sorted(self._found.items()):
            yield min(replicas.items(), key=lambda item: (-_size(item[1]), item[0]))[1]


def aligned(time: Floats, grid: Floats) -> Floats:
    """Times of one target as those of another that is read as often: the next one of it.

    What was read at about the same time so gets the same time. Where the two are not read equally
    often, or the other has no time soon after, a time stays what it is.

    >>> aligned(np.array([3.0, 13.0, 23.0, 99.0]), np.array([5.0, 15.0, 25.0, 35.0])).tolist()
    [5.0, 15.0, 25.0, 99.0]
    """
    if time.size < 2 or grid.size < 2 or np.array_equal(time, grid):
        return time
    own, period = (float(np.median(np.diff(each))) for each in (time, grid))
    if abs(own - period) > 0.1 * period:
        return time
    place = np.searchsorted(grid, time)
    later = grid[np.minimum(place, grid.size - 1)]
    soon = (place < grid.size) & (later - time < 1.1 * period)
    moved = np.where(soon, later, time)
    # Of two that would get one time the earlier one stays where it was.
    twice = np.append(np.diff(moved) <= 0, False)
    return np.where(twice, time, moved)


def _grid(sources: Sequence[Recorded]) -> Floats:
    """The times of the first source that speaks of the node."""
    for source in sources:
        if any(not np.isnan(values).all() for values in source.nodes.values.values()):
            return source.nodes.time
    return np.empty(0)


def _size(series: Iterable[columns.Series]) -> int:
    return sum(one.time.size for one in series)


def _put(
    rows: Pieces,
    owner: tuple[str, ...],
    time: Floats,
    values: Mapping[str, Floats],
    span: Span,
) -> None:
    within = (time >= span[0]) & (time < span[1])
    missing = np.full(time.size, np.nan)
    table = [values.get(name, missing)[within] for name in rows.quantities]
    if table:
        rows.add(owner, time[within], np.stack(table, axis=1))
