"""Guests whose need comes and goes, through many cycles: what the default gives and never does."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from balloon.nodes import node
from scroogevm.balloon.decision import decide
from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.policy import Policy

VMS, RESERVE = 4, 96.0
LEVELLED = ("pressure", "proactive")


class Loop:
    """Four guests of 4096 MiB on a host of 10 GiB; page cache takes whatever is left."""

    def __init__(self, mode: str, need: float = 800.0) -> None:
        self.policy = Policy.of(mode)
        self.need = np.full(VMS, need)
        self.size, self.asked = np.full(VMS, 4096.0), np.full(VMS, np.nan)
        self.calm = np.full(VMS, np.inf)
        self.host = {"total": 10_240.0}
        self.peak = self.need

    def facts(self) -> NodeFacts:
        sees = self.size - RESERVE
        short = np.maximum(0.0, self.need - sees)
        self.peak = np.maximum(self.peak, self.need)
        known = node(
            VMS, actual=self.size, available=sees, usable=np.maximum(0.0, sees - self.need),
            rss=self.size, need=self.peak, asked=self.asked, calm=self.calm,
            swap_in=short / 30, since=np.full(VMS, 10.0),
        )  # fmt: skip
        left = max(0.0, self.host["total"] - float(self.size.sum()))
        return replace(known, host=replace(known.host, total=self.host["total"], available=left))

    def cycle(self) -> Sequence[str]:
        targets = decide(self.facts(), self.policy)
        released = np.array(targets.act) == "release"
        self.calm = np.where(released, 10.0, self.calm + 10)
        self.size = targets.size
        self.asked = np.where(self.size < 4096, self.size, np.nan)
        return targets.act


@pytest.mark.parametrize("mode", LEVELLED)
def test_idle_guests_shrink_to_the_line_and_then_stay(mode: str) -> None:
    loop = Loop(mode)
    seen = [loop.size]
    for _ in range(60):
        loop.cycle()
        seen.append(loop.size)
    free = loop.host["total"] - loop.size.sum()
    assert free / loop.host["total"] >= {"pressure": 0.2, "proactive": 0.295}[mode]
    np.testing.assert_array_equal(seen[-1], seen[-20])
    assert np.all(np.diff(np.array(seen), axis=0) <= 0), "no guest grew on the way"


def test_a_guest_that_starts_to_need_memory_has_it_within_two_cycles() -> None:
    loop = Loop("pressure")
    for _ in range(60):
        loop.cycle()
    loop.need = np.array([3500.0, 800.0, 800.0, 800.0])
    acts = [loop.cycle()[0]]
    assert acts == ["release"]
    assert loop.size[0] == 4096
    for _ in range(60):
        loop.cycle()
        assert loop.size[0] >= 3500 + RESERVE, "what it needs is not taken again"
    assert loop.host["total"] - loop.size.sum() > 0, "the others give in its place"


def test_what_was_taken_comes_back_slowly_once_the_host_is_fine() -> None:
    loop = Loop("pressure")
    for _ in range(60):
        loop.cycle()
    small = loop.size
    loop.host["total"] = 40_960.0
    loop.cycle()
    assert np.all(loop.size > small)
    assert np.all(loop.size <= small + 0.02 * 4096 + 1e-6)
    for _ in range(60):
        loop.cycle()
    np.testing.assert_array_equal(loop.size, 4096)
    assert set(loop.cycle()) == {"keep"}


def test_a_need_that_moves_a_little_asks_for_nothing() -> None:
    loop = Loop("pressure")
    for _ in range(60):
        loop.cycle()
    random = np.random.default_rng(1)
    for _ in range(100):
        loop.need = random.uniform(700.0, 850.0, VMS)
        assert set(loop.cycle()) == {"keep"}
