"""A thousand windows with snapshots and restarts, chunks in any order: one undisturbed run."""

from functools import cache
from typing import TYPE_CHECKING

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from fleets import CAUSAL, fleet, renumbered, said, strategies
from scroogevm.core.window import Occurrence
from scroogevm.engine import Engine
from scroogevm.runner import Runner, replay

if TYPE_CHECKING:
    from scroogevm.core.snapshot import Snapshot

CHUNKS, WINDOWS = 4, 250
Said = dict[tuple[str, str, str, int], float]


@cache
def engine() -> Engine:
    return Engine(strategies(*CAUSAL), kept=3, slices=2)


@cache
def windows(chunk: int) -> list[Occurrence]:
    return fleet(chunk, nodes=3, count=WINDOWS, slices=2)


@cache
def undisturbed(chunk: int) -> Said:
    return said(replay(Runner(engine()), windows(chunk)))


class Disturbed(RuleBasedStateMachine):
    """A process that may die at any time; what it said is what counts."""

    def __init__(self) -> None:
        super().__init__()
        self.runners = [Runner(engine()) for _ in range(CHUNKS)]
        self.at = [0] * CHUNKS
        self.saved: list[tuple[int, Snapshot | None]] = [(0, None)] * CHUNKS
        self.said: list[Said] = [{} for _ in range(CHUNKS)]

    @initialize()
    def begin(self) -> None:
        """There is a first rule, so that every run has one."""

    @rule(chunk=st.integers(0, CHUNKS - 1), number=st.integers(1, 60))
    def step(self, chunk: int, number: int) -> None:
        for occurrence in windows(chunk)[self.at[chunk] : self.at[chunk] + number]:
            told = said([self.runners[chunk].step(occurrence)])
            for key, demand in told.items():
                assert self.said[chunk].setdefault(key, demand) == demand
            self.at[chunk] += 1

    @rule(chunk=st.integers(0, CHUNKS - 1))
    def save(self, chunk: int) -> None:
        if self.at[chunk]:
            self.saved[chunk] = (self.at[chunk], self.runners[chunk].snapshot())

    @rule()
    def restart(self) -> None:
        for chunk, (at, snapshot) in enumerate(self.saved):
            self.runners[chunk] = Runner(engine())
            self.at[chunk] = at
            if snapshot is not None:
                self.runners[chunk].restore(snapshot)

    def teardown(self) -> None:
        for chunk in range(CHUNKS):
            self.step(chunk, WINDOWS)
            assert self.said[chunk] == undisturbed(chunk)


Disturbed.TestCase.settings = settings(max_examples=2, stateful_step_count=30, deadline=None)
TestDisturbed = Disturbed.TestCase


def test_another_source_after_a_restart_may_number_vms_in_another_way() -> None:
    runner = Runner(engine())
    told = said(replay(runner, windows(0)[:100]))
    for at in range(100, WINDOWS, 50):
        snapshot, runner = runner.snapshot(), Runner(engine())
        runner.restore(snapshot)
        told |= said(replay(runner, [renumbered(one, at) for one in windows(0)[at : at + 50]]))
    assert told == undisturbed(0)
