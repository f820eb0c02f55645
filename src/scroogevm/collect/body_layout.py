"""Learns the lines of an answer once, because exporters repeat their layout."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from scroogevm.collect.aggregation import Cells
from scroogevm.collect.lines import number, series, stamp
from scroogevm.core.arrays import Floats
from scroogevm.telemetry.dialect import Dialect, Place
from scroogevm.telemetry.rates import LONGEST


@dataclass(frozen=True)
class BodyLimits:
    """Limits of the memory for an exporter.

    Attributes:
        size: bytes of a body.
        lines: of a body.
        length: bytes of a line.
        labels: of a series.
    """

    size: int = 32 << 20
    lines: int = 200_000
    length: int = 16 << 10
    labels: int = 64


@dataclass(frozen=True)
class Counts:
    """The content of a body.

    Attributes:
        samples: lines with a series and a value.
        used: of these, such that a dialect has a place for.
        bad: lines that are no sample of the format.
        duplicates: samples of a series that the body had already; the first one counts.
    """

    samples: int = 0
    used: int = 0
    bad: int = 0
    duplicates: int = 0


class KnownSeries(NamedTuple):
    """A series with its places.

    Attributes:
        places: with the number of the dialect that says so; none for most series.
        identity: hash of name and labels, whatever their order; only of series with places.
    """

    places: Sequence[tuple[int, Place]]
    identity: int = 0


_UNUSED = KnownSeries(())


@dataclass(frozen=True, eq=False)
class BodyLayout:
    """The lines of a body without the values.

    Attributes:
        heads: the begin of each line, up to its value; comments are complete.
        exact: lines that must be the same to the letter, blank and bad ones.
        wanted: line and length of its head, of each series that has a place.
        known: every series of it, by the bytes that stand before its value.
        cells: where the values go.
        counts: as if every value were a number.
    """

    heads: Sequence[bytes]
    exact: Sequence[tuple[int, bytes]]
    wanted: Sequence[tuple[int, int]]
    known: Mapping[bytes, KnownSeries]
    cells: Cells
    counts: Counts

    def fits(self, lines: Sequence[bytes]) -> bool:
        """Whether a body has this layout."""
        return (
            len(lines) == len(self.heads)
            and all(map(bytes.startswith, lines, self.heads))
            and all(lines[at] == line for at, line in self.exact)
        )

    def values(self, lines: Sequence[bytes], time: float) -> tuple[Floats, int, Floats]:
        """The values of a body, NaN for text that is not a number, and the count of these.

        Args:
            lines: of the body.
            time: seconds since 1970, when it was asked for.

        Returns:
            Values, how many are no number, and the age of each in seconds, by its time stamp; those
            of more than ``LONGEST`` are missing. No ages where no value has a time stamp.
        """
        tails = [lines[at][length:] for at, length in self.wanted]
        if b"_" not in b"".join(tails):  # Python would take 1_000 for a number
            try:
                return np.array(list(map(float, tails))), 0, np.empty(0)
            except ValueError:
                pass
        numbers = [number(tail) for tail in tails]
        bad = numbers.count(None)
        values = np.array([np.nan if each is None else each for each in numbers])
        ages = time - np.array([time if (at := stamp(tail)) is None else at for tail in tails])
        values[ages > LONGEST] = np.nan
        return values, bad, ages


def lay_out(
    lines: Sequence[bytes],
    dialects: Sequence[Dialect],
    known: Mapping[bytes, KnownSeries],
    limits: BodyLimits,
) -> BodyLayout:
    """The layout of a body.

    Args:
        lines: of the body.
        dialects: that are asked where the values of each series go.
        known: series of an earlier body.
        limits: of its memory.
    """
    heads: list[bytes] = []
    exact: list[tuple[int, bytes]] = []
    wanted: list[tuple[int, int]] = []
    here: dict[bytes, KnownSeries] = {}
    places: list[Sequence[tuple[int, Place]]] = []
    seen: set[int] = set()
    texts: dict[str, str] = {}
    samples = bad = duplicates = 0
    for at, line in enumerate(lines):
        head, space, _ = line.rpartition(b" ")
        start = head + space
        found = known.get(start)
        if found is None and line.lstrip().startswith(b"#"):
            heads.append(line)
            continue
        if found is None:
            learnt = _learn(line, dialects, limits, texts)
            if learnt is None:
                bad += bool(line.strip())
                heads.append(b"")
                exact.append((at, line))
                continue
            start, found = learnt
        samples += 1
        here[start] = found
        heads.append(start)
        if found.identity in seen:
            duplicates += 1
        elif found.places:
            seen.add(found.identity)
            wanted.append((at, len(start)))
            places.append(found.places)
    counts = Counts(samples, len(wanted), bad, duplicates)
    return BodyLayout(heads, exact, wanted, here, Cells(dialects, places), counts)


def _learn(
    line: bytes, dialects: Sequence[Dialect], limits: BodyLimits, texts: dict[str, str]
) -> tuple[bytes, KnownSeries] | None:
    """The begin of a line before its value, and the places of values of its series.

    Args:
        line: any.
        dialects: that are asked.
        limits: of a line.
        texts: values of labels, each once, since thousands of series name the same few VMs.
    """
    if len(line) > limits.length:
        return None
    found = series(line, limits.labels)
    if found is None:
        return None
    start = line[: found.length + line[found.length :][:1].isspace()]
    labels = {name: texts.setdefault(text, text) for name, text in found.labels.items()}
    places = tuple(
        (at, place)
        for at, dialect in enumerate(dialects)
        for place in dialect.places(found.name, labels)
    )
    identity = hash((found.name, frozenset(labels.items())))
    return start, KnownSeries(places, identity) if places else _UNUSED
