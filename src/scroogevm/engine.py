"""Keeps histories, asks strategies, yields estimates: a function from windows to estimates.

It knows no clock, disk, socket, log or random number. All it remembers is a ``State``, which is
data: hand the same state and window in again and the same estimates come out.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import overload

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import NO_MEMO, History, Memo
from scroogevm.core.trail import Trail
from scroogevm.core.window import Occurrence, Window
from scroogevm.ports import Step, Strategy


@dataclass(frozen=True, eq=False)
class State:
    """What the engine remembers of a chunk of nodes.

    Attributes:
        windows: the kept windows, oldest first, by slice and resource.
        memos: what each strategy wants back, by slice, resource and strategy.
        trails: the last samples of each VM, by resource.
    """

    windows: Mapping[tuple[int, str], Sequence[Window]] = field(default_factory=dict)
    memos: Mapping[tuple[int, str, str], Memo] = field(default_factory=dict)
    trails: Mapping[str, Trail] = field(default_factory=dict)


@dataclass(frozen=True)
class Engine:
    """Asks every strategy about every occurrence.

    Attributes:
        strategies: by resource, then by the name each is reported under.
        kept: K, windows that are joined, the new one included.
        slices: slices in a scope.
        coverage: share of a window's samples a node must have for a new estimate.
    """

    strategies: Mapping[str, Mapping[str, Strategy]]
    kept: int = 4
    slices: int = 1
    coverage: float = 0.1

    @property
    def looks_ahead(self) -> bool:
        """Whether a strategy reads the future, so that only a replay can serve it."""
        return any(s.looks_ahead for family in self.strategies.values() for s in family.values())

    def step(
        self, state: State, occurrence: Occurrence, future: Sequence[Occurrence] = ()
    ) -> tuple[State, Step]:
        """Judge one closed slice.

        A node with too few samples gets no new estimate: what its VMs were promised stands as its
        demand, and its memo stays as it was.

        Args:
            state: what the previous step returned; ``State()`` at first.
            occurrence: the slice just closed, the same nodes as before.
            future: the occurrences to come, for strategies that look ahead.
        """
        windows, memos = dict(state.windows), dict(state.memos)
        trails = dict(state.trails)
        estimates: dict[str, dict[str, Estimate]] = {}
        measured: dict[str, Bools] = {}
        for resource, strategies in self.strategies.items():
            window = occurrence.windows[resource]
            key = (occurrence.slice, resource)
            earlier = windows.get(key, ())
            lookback = max((strategy.lookback for strategy in strategies.values()), default=0)
            if lookback:
                before = state.trails.get(resource)
                vms = window.vms
                trails[resource] = before.then(vms) if before else Trail.of(vms, lookback)
            enough = window.present >= np.maximum(1, self.coverage * window.usage.shape[1])
            history = History(
                earlier=earlier,
                new=window,
                kept=self.kept,
                trail=trails[resource] if lookback else None,
                future=_Future(future, resource),
                slices=self.slices,
            )
            estimates[resource] = {}
            for name, strategy in strategies.items():
                memo = memos.get((*key, name), NO_MEMO)
                answer = strategy.estimate(replace(history, memo=memo))
                answer = _only_where(enough, answer, memo, window.allocated)
                memos[*key, name] = answer.memo
                estimates[resource][name] = answer
            windows[key] = (*earlier, window)[-self.kept :]
            measured[resource] = enough
        return State(windows, memos, trails), Step(occurrence, estimates, measured)


class _Future(Sequence[Window]):
    """The windows to come of one resource, looked up when asked for.

    Listing them at every step would cost the square of the number of windows.
    """

    def __init__(self, occurrences: Sequence[Occurrence], resource: str) -> None:
        self._occurrences = occurrences
        self._resource = resource

    def __len__(self) -> int:
        return len(self._occurrences)

    @overload
    def __getitem__(self, place: int) -> Window: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Window]: ...
    def __getitem__(self, place: int | slice) -> Window | Sequence[Window]:
        if isinstance(place, slice):
            return _Future(self._occurrences[place], self._resource)
        return self._occurrences[place].windows[self._resource]


def _only_where(enough: Bools, answer: Estimate, memo: Memo, allocated: Floats) -> Estimate:
    """Keep the answer for nodes with samples enough; fail closed for the others."""
    known = enough & np.isfinite(answer.demand)
    if known.all():
        return answer
    kept = {
        name: np.where(known, array, memo.get(name, np.full(array.shape, np.nan)))
        for name, array in answer.memo.items()
    }
    return Estimate(np.where(known, answer.demand, allocated), kept)
