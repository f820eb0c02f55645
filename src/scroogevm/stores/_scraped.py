"""What exporters said of a node, joined from all its targets."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.stores._rows import Pieces
from scroogevm.stores._series import Series
from scroogevm.stores._source import Samples, Source
from scroogevm.telemetry.dialect import Dialect

_Key = tuple[int, str, str, str]
"""Rank and name of a dialect, and job and instance of a target."""


@dataclass
class Scraped:
    """Everything that was scraped of one node in some time.

    Attributes:
        dialects: that are understood.
        replicas: labels by which servers that scrape the same differ.
        longest: seconds between two readings above which no rate is given.
    """

    dialects: Sequence[Dialect]
    replicas: Sequence[str]
    longest: float
    _found: dict[_Key, dict[tuple[str, ...], list[Samples]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(list))
    )

    def add(self, series: Series) -> None:
        """Take a series in, if some dialect understands it."""
        labels = series.labels
        replica = tuple(labels.get(name, "") for name in self.replicas)
        for dialect in self.dialects:
            places = dialect.places(series.name, labels)
            if places:
                target = labels.get("job", ""), labels.get("instance", "")
                samples = self._found[(dialect.rank, dialect.name, *target)][replica]
                samples += [(place, series.time, series.values) for place in places]

    def sources(self) -> Sequence[Source]:
        """The most believed one first; of replicas the one that has most."""
        sources = []
        for key, replicas in sorted(self._found.items()):
            _, best = min(replicas.items(), key=lambda item: (-_size(item[1]), item[0]))
            sources.append(Source(key[0], best, self.longest))
        return sources

    def put(self, node: str, nodes: Pieces, vms: Pieces, bounds: tuple[int, int]) -> None:
        """Put the rows of this node to others.

        Args:
            node: its name.
            nodes: takes rows of the node.
            vms: takes rows of its VMs.
            bounds: first millisecond, and one past the last.
        """
        sources = [source for source in self.sources() if source.time.size]
        if not sources:
            return
        grid = next((source.time for source in sources if _speaks(source.node)), sources[0].time)
        taken: set[str] = set()
        for source in sources:
            time = aligned(source.time, grid)
            within = (time >= bounds[0]) & (time < bounds[1])
            said = {
                quantity: values
                for quantity, values in source.node.items()
                if quantity not in taken and not np.isnan(values).all()
            }
            taken |= said.keys()
            if said and nodes.quantities:
                nodes.add((node,), time[within] / 1000, _table(nodes.quantities, said, within))
        speaker = next((source for source in sources if source.vms), None)
        if speaker is None or not vms.quantities:
            return
        time = aligned(speaker.time, grid)
        inside = (time >= bounds[0]) & (time < bounds[1])
        for number, vm in enumerate(speaker.vms):
            within = inside & speaker.present[number]
            row = {quantity: values[number] for quantity, values in speaker.vm.items()}
            vms.add((node, vm), time[within] / 1000, _table(vms.quantities, row, within))


def aligned(time: Floats, grid: Floats) -> Floats:
    """Times of one target as those of another that is read as often: the next one of it.

    What was read at about the same time so gets the same time. Where the two are not read equally
    often, or the other has no time soon after, a time stays what it is.

    >>> aligned(np.array([3.0, 13.0, 23.0, 99.0]), np.array([5.0, 15.0, 25.0, 35.0])).tolist()
    [5.0, 15.0, 25.0, 99.0]
    """
    if time.size < 2 or grid.size < 2 or time is grid:
        return time
    own, period = (float(np.median(np.diff(each))) for each in (time, grid))
    if abs(own - period) > 0.1 * period:
        return time
    place = np.searchsorted(grid, time)
    later = grid[np.minimum(place, grid.size - 1)]
    soon = (place < grid.size) & (later - time < 1.1 * period)
    moved = np.where(soon, later, time)
    # Two that would get one time: the earlier one stays.
    twice = np.append(np.diff(moved) <= 0, False)  # the last has no later one
    return np.where(twice, time, moved)


def _speaks(values: Mapping[str, Floats]) -> bool:
    return any(not np.isnan(value).all() for value in values.values())


def _size(samples: Iterable[Samples]) -> int:
    return sum(time.size for _, time, _ in samples)


def _table(quantities: Sequence[str], values: Mapping[str, Floats], within: Bools) -> Floats:
    missing = np.full(int(within.sum()), np.nan)
    columns = [values[name][within] if name in values else missing for name in quantities]
    return np.stack(columns, axis=1)
