"""Removes duplicates of series that several servers scraped, so that nothing is summed twice."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

from scroogevm.core.arrays import Floats
from scroogevm.telemetry.dialect import Place

_OWN = {"domain", "uuid"}
"""Labels by which VMs differ that some other label gives one name."""

_FEW = 8
"""Series of one part that are compared."""


class OwnedSeries(NamedTuple):
    """A series that a dialect understands.

    Attributes:
        part: which part of a sum it is.
        labels: all of them.
        places: of its values.
        time: (samples,), seconds since 1970, ascending, at least one.
        values: (samples,).
    """

    part: Sequence[str]
    labels: Mapping[str, str]
    places: Sequence[Place]
    time: Floats
    values: Floats


def once(series: Sequence[OwnedSeries], replicas: Collection[str]) -> Sequence[OwnedSeries]:
    """The series of one target and dialect, each once: of replicas the one with most samples.

    Replicas are what differs in certain labels; or in any that tells apart, at one time, what is
    the same part of the same sum.

    Args:
        series: of one target and dialect.
        replicas: labels by which servers that scrape the same are known to differ.
    """
    labels = sorted({*replicas, *_differing(series)})
    found = defaultdict(list)
    for one in series:
        found[tuple(one.labels.get(label, "") for label in labels)].append(one)
    return min(found.items(), key=lambda item: (-sum(one.time.size for one in item[1]), item[0]))[1]


def _differing(series: Iterable[OwnedSeries]) -> Iterator[str]:
    same = defaultdict(list)
    for one in series:
        for place in one.places:
            same[(place.vm, place.term, *one.part)].append(one)
    for group in same.values():
        for first, second in combinations(group[:_FEW], 2):
            if first.time[0] <= second.time[-1] and second.time[0] <= first.time[-1]:
                found = {name for name, _ in {*first.labels.items()} ^ {*second.labels.items()}}
                if not found & _OWN:
                    yield from found
