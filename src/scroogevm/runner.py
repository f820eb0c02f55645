"""The stepper, and the two orders of chunks and windows.

A ``Runner`` holds the state of one chunk. ``replay`` takes one chunk through all its
windows; ``Lockstep`` takes all chunks through one window, then through the next, which is what a
live service does and what strategies that learn from all nodes together need. The order changes no
number.
"""

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence

from scroogevm.core.snapshot import (
    Snapshot,
    restored,
    restored_pools,
    snapshot,
    snapshot_of_pools,
)
from scroogevm.core.state import State
from scroogevm.core.window import Occurrence
from scroogevm.engine import Engine, Pools, Prepared
from scroogevm.ports import Step

Foreseen = tuple[Occurrence, Sequence[Occurrence]]
"""An occurrence, and the later ones that strategies read."""


class Runner:
    """One chunk of nodes and its state.

    Args:
        engine: that judges it.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._state = State()
        self._vm_names: Sequence[str] | Mapping[int, str] = ()
        self._foreign = False

    def step(self, occurrence: Occurrence, future: Sequence[Occurrence] = ()) -> Step:
        """Judge the next closed slice; its nodes may differ from those before.

        Raises:
            ValueError: a strategy pools and needs a ``Lockstep``.
        """
        self._receive(occurrence)
        self._state, step = self.engine.step(self._state, occurrence, future)
        return step

    def prepare(self, occurrence: Occurrence, future: Sequence[Occurrence] = ()) -> Prepared:
        """The first half of a step; it does not change the state."""
        self._receive(occurrence)
        return self.engine.prepare(self._state, occurrence, future)

    def conclude(self, prepared: Prepared, pools: Pools) -> Step:
        """The second half of a step."""
        self._state, step = self.engine.conclude(prepared, pools)
        return step

    def snapshot(self) -> Snapshot:
        """The state, as arrays by name."""
        return snapshot(self._state, self._vm_names)

    def restore(self, arrays: Snapshot) -> None:
        """Continue from a snapshot. The next source may number its VMs in another way.

        Raises:
            ValueError: the arrays are not a snapshot.
        """
        self._state, self._vm_names = restored(arrays)
        self._foreign = True

    def _receive(self, occurrence: Occurrence) -> None:
        if self._foreign and isinstance(self._vm_names, Mapping):
            self._state = self._state.renumbered(self._vm_names, occurrence)
        self._foreign = False
        self._vm_names = occurrence.vm_names


def replay(runner: Runner, occurrences: Iterable[Occurrence]) -> Iterator[Step]:
    """One chunk through all its windows."""
    for occurrence, future in foreseen(runner.engine, occurrences):
        yield runner.step(occurrence, future)


class Lockstep:
    """All chunks through one window, then through the next.

    Args:
        runners: of the chunks; their engines ask the same strategies.
    """

    def __init__(self, runners: Sequence[Runner]) -> None:
        self.runners = runners
        self._pools: Pools = {}

    def step(self, foreseen: Sequence[Foreseen | None]) -> Sequence[Step | None]:
        """Judge the next closed slice of every chunk.

        Args:
            foreseen: the occurrence of each chunk; None for one that is over, or has none now.
        """
        prepared = [
            None if one is None else runner.prepare(*one)
            for runner, one in zip(self.runners, foreseen, strict=True)
        ]
        told = [one.summaries for one in prepared if one is not None]
        if any(told):
            self._pools = self.runners[0].engine.learn(self._pools, told)
        return [
            None if one is None else runner.conclude(one, self._pools)
            for runner, one in zip(self.runners, prepared, strict=True)
        ]

    def snapshot(self) -> tuple[Sequence[Snapshot], Snapshot]:
        """The state of each chunk, and the pools of all nodes together."""
        return [runner.snapshot() for runner in self.runners], self.snapshot_pools()

    def snapshot_pools(self) -> Snapshot:
        """The pools of all nodes together."""
        return snapshot_of_pools(self._pools)

    def restore(self, chunks: Sequence[Snapshot], pools: Snapshot) -> None:
        """Continue from snapshots.

        Raises:
            ValueError: the arrays are not snapshots.
        """
        for runner, arrays in zip(self.runners, chunks, strict=True):
            runner.restore(arrays)
        self.restore_pools(pools)

    def restore_pools(self, pools: Snapshot) -> None:
        """Continue from the pools of all nodes together.

        Raises:
            ValueError: the arrays are not a snapshot of pools.
        """
        self._pools = restored_pools(pools)


def lockstep(
    together: Lockstep, chunks: Sequence[Iterable[Occurrence]]
) -> Iterator[Sequence[Step | None]]:
    """All chunks through all windows; a chunk that is over has None for a step."""
    walks = [
        foreseen(runner.engine, occurrences)
        for runner, occurrences in zip(together.runners, chunks, strict=True)
    ]
    while any(now := [next(walk, None) for walk in walks]):
        yield together.step(now)


def foreseen(engine: Engine, occurrences: Iterable[Occurrence]) -> Iterator[Foreseen]:
    """Each occurrence with as many later ones as the strategies of an engine read."""
    walk = iter(occurrences)
    held: deque[Occurrence] = deque(_some(walk, 1))
    while held:
        far = engine.foresight(held[0])
        held.extend(_some(walk, None if far is None else far + 1 - len(held)))
        occurrence = held.popleft()
        yield occurrence, tuple(held)
        held.extend(_some(walk, 1 - len(held)))


def _some(walk: Iterator[Occurrence], number: int | None) -> Iterator[Occurrence]:
    """The first of the remaining occurrences, or all."""
    while number is None or number > 0:
        occurrence = next(walk, None)
        if occurrence is None:
            return
        yield occurrence
        number = None if number is None else number - 1
