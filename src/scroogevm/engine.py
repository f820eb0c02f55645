"""Keeps histories, runs strategies and returns estimates: a function from windows to estimates.

It uses no clock, disk, socket, log or random number. Its only memory is a ``State``, which is data:
the same state and window give the same estimates again.

A step has two halves, because some strategies learn from all nodes together: ``prepare`` reads the
new windows and returns what they add to the pool, ``conclude`` runs every strategy.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import overload

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import NO_MEMO, NO_POOL, History, Memo, Pool
from scroogevm.core.state import Kept, Residents, State
from scroogevm.core.statistics import ranks_above
from scroogevm.core.vm_history import Trail
from scroogevm.core.window import Occurrence, VMs, Window
from scroogevm.ports import Step, Strategy, Summary, lowest_vm_percentile

Key = tuple[int, str, str]
"""A slice, a resource, and the reported name of a strategy."""

Pools = Mapping[Key, Pool]
"""What strategies know of all nodes together."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """An occurrence that was read, before strategies run.

    Attributes:
        state: the state for the nodes of the occurrence.
        occurrence: the slice just closed.
        histories: the input of strategies, by resource, without memo and pool.
        measured: by resource, (nodes,): whether there are enough samples for a new estimate.
        summaries: what the nodes add to the pool of each strategy that has one.
    """

    state: State
    occurrence: Occurrence
    histories: Mapping[str, History]
    measured: Mapping[str, Bools]
    summaries: Mapping[Key, Summary]


@dataclass(frozen=True)
class Engine:
    """Runs every strategy on every occurrence.

    Attributes:
        strategies: by resource, then by the name each is reported under.
        kept: K, windows that are joined, including the new one.
        slices: slices in a scope.
        coverage: share of a window's samples that a node must have for a new estimate.
        seconds: length of a slice.
        samples: number in every window, if it is the same for all: then only the largest samples
            that a strategy reads are kept of the VMs of earlier windows.
    """

    strategies: Mapping[str, Mapping[str, Strategy]]
    kept: int = 4
    slices: int = 1
    coverage: float = 0.1
    seconds: float = 1800.0
    samples: int | None = None

    @property
    def pools(self) -> bool:
        """Whether a strategy learns from all nodes together, so that chunks need lockstep."""
        return any(strategy.pools for strategy in self._all)

    def foresight(self, occurrence: Occurrence) -> int | None:
        """How many later occurrences the strategies read; None for all of them."""
        far = 0
        for resource, strategies in self.strategies.items():
            samples = occurrence.windows[resource].usage.shape[1]
            for strategy in strategies.values():
                ahead = strategy.foresight(samples, self.slices)
                if ahead is None:
                    return None
                far = max(far, ahead)
        return far

    def step(
        self, state: State, occurrence: Occurrence, future: Sequence[Occurrence] = ()
    ) -> tuple[State, Step]:
        """Judge one closed slice without a pool: both halves of a step at once.

        Raises:
            ValueError: a strategy pools: see ``runner``.
        """
        if self.pools:
            raise ValueError("a strategy that pools is asked in two halves")
        return self.conclude(self.prepare(state, occurrence, future), {})

    def prepare(
        self, state: State, occurrence: Occurrence, future: Sequence[Occurrence] = ()
    ) -> Prepared:
        """Read one closed slice.

        Args:
            state: the result of the previous step; ``State()`` at first.
            occurrence: the slice just closed; its nodes may differ from those before.
            future: the later occurrences, for strategies that look ahead.
        """
        state = state.aligned(occurrence.nodes, self.kept, self.slices)
        number = occurrence.number
        trails: dict[str, Trail] = {}
        residents: dict[str, Residents] = {}
        histories: dict[str, History] = {}
        measured: dict[str, Bools] = {}
        summaries: dict[Key, Summary] = {}
        for resource, strategies in self.strategies.items():
            window = occurrence.windows[resource]
            before = state.residents.get(resource)
            if before is None:
                before = Residents(window.vms.ids, np.full(window.vms.ids.size, number))
            residents[resource] = before.then(window.vms, number)
            lookback = max((strategy.lookback for strategy in strategies.values()), default=0)
            if lookback:
                trail = state.trails.get(resource)
                trails[resource] = (
                    trail.then(window.vms) if trail else Trail.of(window.vms, lookback)
                )
            kept = state.windows.get((occurrence.slice, resource), ())
            histories[resource] = History(
                earlier=[self._readable(window, strategies) for _, window in kept],
                new=window,
                kept=self.kept,
                trail=trails.get(resource),
                future=_Future(future, resource),
                slices=self.slices,
                names=occurrence.nodes,
                end=occurrence.end,
                seconds=self.seconds,
                number=number,
                numbers=[number for number, _ in kept],
                since=residents[resource].since,
                lowest=None,
            )
            measured[resource] = window.present >= np.maximum(
                1, self.coverage * window.usage.shape[1]
            )
            for name, strategy in strategies.items():
                if strategy.pools:
                    key = (occurrence.slice, resource, name)
                    seen = _seen(histories[resource], strategy, state.memos.get(key, NO_MEMO))
                    summaries[key] = strategy.summarise(seen)
        state = replace(state, trails=trails, residents=residents)
        return Prepared(state, occurrence, histories, measured, summaries)

    def learn(self, before: Pools, summaries: Sequence[Mapping[Key, Summary]]) -> Pools:
        """What strategies know of all nodes together, from the summaries of every chunk."""
        known = dict(before)
        for key in dict.fromkeys(key for chunk in summaries for key in chunk):
            _, resource, name = key
            parts = [chunk[key] for chunk in summaries if key in chunk]
            total = {
                what: sum((part[what] for part in parts[1:]), array)
                for what, array in parts[0].items()
            }
            known[key] = self.strategies[resource][name].pool(before.get(key, NO_POOL), total)
        return known

    def conclude(self, prepared: Prepared, pools: Pools) -> tuple[State, Step]:
        """Run every strategy.

        A node with too few samples gets no new estimate: its demand is the allocation of its VMs,
        and its memo does not change. After K windows without a sample it loses its state.

        Args:
            prepared: the occurrence.
            pools: of every strategy that has one.
        """
        state, occurrence = prepared.state, prepared.occurrence
        windows, memos = dict(state.windows), dict(state.memos)
        estimates: dict[str, dict[str, Estimate]] = {}
        for resource, strategies in self.strategies.items():
            history, enough = prepared.histories[resource], prepared.measured[resource]
            answers: dict[str, Estimate] = {}
            for name, strategy in strategies.items():
                key = (occurrence.slice, resource, name)
                memo = memos.get(key, NO_MEMO)
                seen = _seen(history, strategy, memo, pools.get(key, NO_POOL))
                answer = _only_where(enough, strategy.estimate(seen), memo, history.allocated)
                answers[name], memos[key] = answer, answer.memo
            estimates[resource] = answers
            kept = self._keep(windows.get((occurrence.slice, resource), ()), history, strategies)
            windows[occurrence.slice, resource] = kept
            state = state.silent((occurrence.slice, resource), history.new.present == 0)
        state = replace(state, number=occurrence.number, windows=windows, memos=memos)
        return state.forgetting(self.kept), Step(occurrence, estimates, prepared.measured)

    def _keep(
        self, kept: Sequence[Kept], history: History, strategies: Mapping[str, Strategy]
    ) -> Sequence[Kept]:
        """The windows to keep; samples of VMs are kept only if a strategy reads them later."""
        window, needed = history.new, self._needed(strategies)
        if needed == 0:
            window = window.with_vms(window.vms.unsampled)
        elif needed is not None:
            window = window.with_vms(window.vms.only_largest(needed))
        return (*kept, Kept(history.number, window))[-self.kept :]

    def _needed(self, strategies: Mapping[str, Strategy]) -> int | None:
        """How many of the largest samples of a VM in an earlier window are read; None for all."""
        lowest = lowest_vm_percentile(strategies.values())
        if lowest is None:
            return 0
        if self.samples is None:
            return None
        return min(self.samples, ranks_above(lowest, self.kept * self.samples))

    def _readable(self, window: Window, strategies: Mapping[str, Strategy]) -> Window:
        """A kept window; without its VMs, which are then new, if too few samples were kept.

        Such a window has another interval, or is from a time when strategies read less.
        """
        needed = self._needed(strategies)
        if not needed:
            return window
        ranked = window.vms.ranked
        if ranked.width == self.samples and ranked.ascending.shape[1] >= needed:
            return window
        return window.with_vms(VMs.none())

    @cached_property
    def _all(self) -> Sequence[Strategy]:
        return [strategy for family in self.strategies.values() for strategy in family.values()]


def _seen(history: History, strategy: Strategy, memo: Memo, pool: Pool = NO_POOL) -> History:
    """The history as a strategy sees it."""
    lowest = strategy.vm_percentile
    if not (memo or pool or lowest is not None):
        return history
    return replace(history, memo=memo, pool=pool, lowest=lowest)


class _Future(Sequence[Window]):
    """The later windows of one resource, looked up on demand.

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
    """Keep the estimate of nodes with enough samples; the others get their allocation."""
    known = enough & np.isfinite(answer.demand)
    if known.all():
        return answer
    kept = {
        name: np.where(known, array, memo.get(name, np.full(array.shape, np.nan)))
        for name, array in answer.memo.items()
    }
    verdict = answer.verdict and answer.verdict.only(known)
    return Estimate(np.where(known, answer.demand, allocated), kept, verdict)
