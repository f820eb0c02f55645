"""Series of one exporter become its terms, and these quantities, all rows at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.telemetry.dialect import Place
from scroogevm.telemetry.quantities import Pair, node_quantities, there, vm_quantities
from scroogevm.telemetry.rates import believable

_PERIODS = 3
"""Periods of an exporter that may lie between two readings, where it announces its period."""

Samples = tuple[Place, Floats, Floats]
"""Where values go, their times in milliseconds, the values."""


@dataclass(frozen=True, eq=False)
class Source:
    """What one dialect of one target said: a reading at each of its times.

    Attributes:
        rank: of the dialect.
        samples: of all its series.
        longest: seconds between two readings above which no rate is given.
    """

    rank: int
    samples: Sequence[Samples]
    longest: float

    @cached_property
    def time(self) -> Floats:
        """(times,), in milliseconds: when it was read, each once, repeated readings left out."""
        time, clock = self._all_times, self._sum(None, "clock", self._all_times)
        if clock is None:
            return time
        known = ~np.isnan(clock)
        new = np.ones(time.size, np.bool_)
        new[known] = np.diff(clock[known], prepend=np.nan) != 0
        return time[new]

    @cached_property
    def node(self) -> Mapping[str, Floats]:
        """By quantity, (times,)."""
        return node_quantities(self._pair(self._node_terms, ()))[0]

    @cached_property
    def vms(self) -> Sequence[str]:
        """Names of all VMs that it spoke of."""
        return sorted({place.vm for place, _, _ in self.samples if place.vm is not None})

    @cached_property
    def vm(self) -> Mapping[str, Floats]:
        """By quantity, (vms, times)."""
        pair = self._pair(self._vm_terms, (len(self.vms),))
        cores = np.broadcast_to(self.node["cpu"], self._shape).ravel()
        values, _ = vm_quantities(pair, cores)
        return {name: value.reshape(self._shape) for name, value in values.items()}

    @cached_property
    def present(self) -> Bools:
        """(vms, times), where a VM was there."""
        spoken = np.zeros(self._shape, np.bool_)
        for values in self._vm_terms.values():
            spoken |= ~np.isnan(values)
        flat = {term: values.ravel() for term, values in self._vm_terms.items()}
        return spoken & there(flat, spoken.size).reshape(self._shape)

    @property
    def _shape(self) -> tuple[int, int]:
        return len(self.vms), self.time.size

    @cached_property
    def _all_times(self) -> Floats:
        times = {time.tobytes(): time for _, time, _ in self.samples}  # most are the same
        return np.unique(np.concatenate(list(times.values())))

    @cached_property
    def _node_terms(self) -> Mapping[str, Floats]:
        terms = {place.term for place, _, _ in self.samples if place.vm is None}
        sums = {term: self._sum(None, term, self.time) for term in terms}
        return {term: value for term, value in sums.items() if value is not None}

    @cached_property
    def _vm_terms(self) -> Mapping[str, Floats]:
        row = {vm: number for number, vm in enumerate(self.vms)}
        terms: dict[str, Floats] = {}
        for place, time, values in self.samples:
            if place.vm is not None:
                if place.term not in terms:
                    terms[place.term] = np.full(self._shape, np.nan)
                _add(terms[place.term][row[place.vm]], self.time, place, time, values)
        return terms

    def _sum(self, vm: str | None, term: str, times: Floats) -> Floats | None:
        found = [each for each in self.samples if each[0].vm == vm and each[0].term == term]
        if not found:
            return None
        total = np.full(times.size, np.nan)
        for place, time, values in found:
            _add(total, times, place, time, values)
        return total

    def _pair(self, terms: Mapping[str, Floats], rows: tuple[int, ...]) -> Pair:
        """Each reading beside the one before it; the first has none."""
        shape = (*rows, self.time.size)
        return Pair(
            int(np.prod(shape)),
            {term: values.ravel() for term, values in terms.items()},
            {term: _before(values).ravel() for term, values in terms.items()},
            np.broadcast_to(self._elapsed, shape).ravel(),
            np.broadcast_to(self._clock, shape).ravel(),
            self._longest,
        )

    @property
    def _clock(self) -> Floats:
        return self._node_terms.get("clock", self.time / 1000)

    @property
    def _elapsed(self) -> Floats:
        """Seconds since the reading before, by the node's clock where it has one."""
        passed = np.diff(self.time / 1000, prepend=np.nan)
        if "clock" not in self._node_terms:
            return passed
        elapsed = np.diff(self._clock, prepend=np.nan)
        return np.where(believable(elapsed, passed), elapsed, np.nan)

    @property
    def _longest(self) -> float:
        interval = self._node_terms.get("interval")
        announced = 0.0 if interval is None else float(np.nanmax(interval, initial=0.0))
        return max(self.longest, _PERIODS * announced)


def _before(values: Floats) -> Floats:
    before = np.full(values.shape, np.nan)
    before[..., 1:] = values[..., :-1]
    return before


def _add(total: Floats, times: Floats, place: Place, time: Floats, values: Floats) -> None:
    """Add values where they belong; what is missing stays missing."""
    given = ~np.isnan(values)
    at = np.searchsorted(times, time)
    given &= at < times.size
    given[given] = times[at[given]] == time[given]
    where = at[given]
    added = np.ones(where.size) if place.count else values[given] * place.factor
    old = total[where]
    total[where] = np.where(np.isnan(old), added, old + added)
