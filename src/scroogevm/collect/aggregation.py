"""Sums series into cells, one for each term of the node and of each VM."""

from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.telemetry.dialect import Dialect, Place
from scroogevm.telemetry.reading import Reading

_Key = tuple[int, str | None, str]
"""A dialect by its number, the VM, the term."""


class Cells:
    """What a list of series is summed up to.

    Args:
        dialects: the most believed one first.
        places: of each series, with the number of the dialect that says so.
    """

    def __init__(
        self, dialects: Sequence[Dialect], places: Sequence[Sequence[tuple[int, Place]]]
    ) -> None:
        number: dict[_Key, int] = {}
        parts = [
            (series, number.setdefault((dialect, place.vm, place.term), len(number)), place)
            for series, here in enumerate(places)
            for dialect, place in here
        ]
        self._series = np.array([series for series, _, _ in parts], np.int64)
        self._cell = np.array([cell for _, cell, _ in parts], np.int64)
        self._factor = np.array([place.factor for *_, place in parts], np.float64)
        self._count = np.array([place.count for *_, place in parts], np.bool_)
        self._size = len(number)
        self.parts: Mapping[_Key, int] = Counter(
            (dialect, place.vm, place.term)
            for here in places
            for dialect, place in here
            if not place.count
        )
        self._of_vms = [
            np.array(
                [at for at, h in enumerate(places) if any(d == one and p.vm for d, p in h)],
                np.int64,
            )
            for one in range(len(dialects))
        ]
        self._number = number
        self._pages = [
            _DialectCells(dialect, {key[1:]: cell for key, cell in number.items() if key[0] == at})
            for at, dialect in enumerate(dialects)
        ]

    def sums(self, values: Floats, before: "Cells | None" = None) -> Floats:
        """The value of each cell.

        Args:
            values: (series,), NaN if missing.
            before: the cells of the reading before; one that was the sum of more series, or fewer,
                holds nothing this once: what it grew by would be no rate.
        """
        found = values[self._series] * self._factor
        found = np.where(self._count, 1.0, found)
        sums = np.bincount(self._cell, found, minlength=self._size).astype(np.float64)
        sums[~np.isfinite(sums)] = np.nan
        if before is not None:
            changed = [
                self._number[key]
                for key, parts in self.parts.items()
                if before.parts.get(key, parts) != parts
            ]
            sums[changed] = np.nan
        return sums

    def readings(self, sums: Floats, node: str, time: float, target: str) -> Sequence[Reading]:
        """The reading of each dialect that has values."""
        return [page.reading(sums, node, time, target) for page in self._pages if page]

    def ages_of_vms(self, ages: Floats) -> Mapping[str, float]:
        """By dialect, seconds since the newest of what it says of VMs.

        Args:
            ages: (series,), seconds.
        """
        return {
            page.dialect.name: float(ages[own].min())
            for page, own in zip(self._pages, self._of_vms, strict=True)
            if own.size
        }


class _DialectCells:
    """The cells of one dialect."""

    def __init__(self, dialect: Dialect, cells: Mapping[tuple[str | None, str], int]) -> None:
        self.dialect = dialect
        self.node = [(term, cell) for (vm, term), cell in cells.items() if vm is None]
        self.vms = list(dict.fromkeys(vm for vm, _ in cells if vm is not None))
        row = {vm: number for number, vm in enumerate(self.vms)}
        terms: dict[str, list[tuple[int, int]]] = {}
        for (vm, term), cell in cells.items():
            if vm is not None:
                terms.setdefault(term, []).append((row[vm], cell))
        self.terms = {term: np.array(pairs, np.int64).T for term, pairs in terms.items()}

    def __bool__(self) -> bool:
        return bool(self.node or self.vms)

    def reading(self, sums: Floats, node: str, time: float, target: str) -> Reading:
        """The reading of the dialect."""
        columns = {}
        for term, (rows, cells) in self.terms.items():
            column = np.full(len(self.vms), np.nan)
            column[rows] = sums[cells]
            columns[term] = column
        return Reading(
            node=node,
            time=time,
            values={term: float(sums[cell]) for term, cell in self.node},
            vms=self.vms,
            vm_values=columns,
            dialect=self.dialect.name,
            rank=self.dialect.rank,
            target=target,
        )
