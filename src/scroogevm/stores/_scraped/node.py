"""Joins the metrics of all targets of a node."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.samples import LISTED, Recorded
from scroogevm.stores._scraped.deduplicate import OwnedSeries, once
from scroogevm.stores._scraped.series import RawSeries
from scroogevm.stores._server.rows import Pieces
from scroogevm.telemetry import columns, pieces
from scroogevm.telemetry.dialect import Dialect
from scroogevm.telemetry.joined import LISTING, SHARED

_Key = tuple[int, str, str, str]
"""Rank and name of a dialect, and job and instance of a target."""

Span = tuple[float, float]
"""The first second, and the second after the last one."""


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
    _found: dict[_Key, list[OwnedSeries]] = field(default_factory=lambda: defaultdict(list))

    def add(self, series: RawSeries) -> None:
        """Add a series, if a dialect knows it."""
        labels = series.labels
        for dialect in self.dialects:
            places = dialect.places(series.name, labels)
            if places and series.time.size:
                part = dialect.part(series.name, labels)
                target = labels.get("job", ""), labels.get("instance", "")
                told = OwnedSeries(part, labels, places, series.time / 1000, series.values)
                self._found[(dialect.rank, dialect.name, *target)].append(told)

    def put(self, nodes: Pieces, vms: Pieces, span: Span) -> None:
        """Put the rows of some time to others.

        The most believed source that says a quantity of the node gives that quantity, and the most
        believed one that knows VMs gives them. Before and after the time of which it speaks the
        next one does: a job may have got another name, or a target another port. Of VMs only one
        of the same dialect does, since it names them alike.

        Args:
            nodes: takes rows of the node.
            vms: takes rows of its VMs.
            span: the time.
        """
        wanted = {*nodes.quantities, *vms.quantities}
        sources = [
            (dialect, columns.quantities(series, wanted, self.longest))
            for dialect, series in self._sources()
        ]
        grid = _grid([source for _, source in sources])
        speaker = next((dialect for dialect, source in sources if len(source.vms)), "")
        listing = [
            source if dialect == speaker or not speaker else _unlisted(source)
            for dialect, source in sources
        ]
        _put_node(nodes, listing, grid, span, self.longest)
        covered = _Covered(self.longest)
        for source in (source.vms for dialect, source in sources if dialect == speaker):
            for owner, piece in pieces.apart(source):
                time = aligned(piece.time, grid)
                new = covered.outside("", piece.time) & _within(time, span)
                _put(vms, owner, time, piece.values, new)
            covered.add("", source.time)

    def _sources(self) -> Iterator[tuple[str, Sequence[columns.TermSeries]]]:
        """Each dialect of each target, the most believed one first; of replicas the fullest."""
        told = {
            key: [
                columns.TermSeries(self.node, place, one.time, one.values)
                for one in once(series, self.replicas)
                for place in one.places
            ]
            for key, series in sorted(self._found.items())
        }
        for (_, dialect, *target), series in told.items():
            fellows = [each for key, each in told.items() if [*key[2:]] == target]
            yield dialect, joined(series, fellows)


def joined(
    series: Sequence[columns.TermSeries], fellows: Sequence[Sequence[columns.TermSeries]]
) -> Sequence[columns.TermSeries]:
    """Series of a dialect, those with VMs with what others of their target say of these.

    This is what ``telemetry.joined`` does with readings.

    Args:
        series: of one dialect of a target.
        fellows: of each dialect of that target.
    """
    if _names_vms(series):
        known = {one.place.term for one in series if one.place.vm is None}
        others = [one for fellow in fellows if not _names_vms(fellow) for one in fellow]
        given = [one for one in others if one.place.term in SHARED and one.place.term not in known]
        return [*series, *given]
    if any(map(_names_vms, fellows)):
        return [one for one in series if one.place.term != LISTING]
    return series


def _names_vms(series: Sequence[columns.TermSeries]) -> bool:
    return any(one.place.vm is not None for one in series)


def _unlisted(source: Recorded) -> Recorded:
    """The places without the number of listed VMs, which comes from the source of names."""
    values = {name: each for name, each in source.nodes.values.items() if name != LISTED}
    return source._replace(nodes=replace(source.nodes, values=values))


class _Covered:
    """The time for which values are already known.

    Args:
        longest: seconds of silence that are no end.
    """

    def __init__(self, longest: float) -> None:
        self._longest = longest
        self._spans: dict[str, list[Span]] = defaultdict(list)

    def outside(self, what: str, time: Floats) -> Bools:
        """Whether each time is before or after all known values."""
        new = np.ones(time.size, np.bool_)
        for first, last in self._spans[what]:
            new &= (time < first - self._longest) | (time > last + self._longest)
        return new

    def add(self, what: str, time: Floats) -> None:
        """Add a time with values."""
        if time.size:
            self._spans[what].append((time.min(), time.max()))


def _put_node(
    rows: Pieces, sources: Sequence[Recorded], grid: Floats, span: Span, longest: float
) -> None:
    covered = _Covered(longest)
    for source in sources:
        for owner, piece in pieces.apart(source.nodes):
            new = covered.outside("", piece.time)
            said = {}
            for name, values in piece.values.items():
                fresh = ~np.isnan(values) & covered.outside(name, piece.time)
                if fresh.any():
                    covered.add(name, piece.time[fresh])
                    said[name] = np.where(fresh, values, np.nan)
            if said:
                new |= np.any([~np.isnan(values) for values in said.values()], axis=0)
                covered.add("", piece.time)
                time = aligned(piece.time, grid)
                _put(rows, owner, time, said, new & _within(time, span))


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
    # If two would get the same time, the earlier one does not move.
    twice = np.append(np.diff(moved) <= 0, False)
    return np.where(twice, time, moved)


def _grid(sources: Sequence[Recorded]) -> Floats:
    """The times of the first source that speaks of the node."""
    for source in sources:
        if any(not np.isnan(values).all() for values in source.nodes.values.values()):
            return source.nodes.time
    return np.empty(0)


def _within(time: Floats, span: Span) -> Bools:
    return (time >= span[0]) & (time < span[1])


def _put(
    rows: Pieces,
    owner: tuple[str, ...],
    time: Floats,
    values: Mapping[str, Floats],
    kept: Bools,
) -> None:
    missing = np.full(time.size, np.nan)
    table = [values.get(name, missing)[kept] for name in rows.quantities]
    if table:
        rows.add(owner, time[kept], np.stack(table, axis=1))
