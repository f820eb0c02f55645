"""Scenarios: how the VMs of a node arrive and leave."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from scroogevm.core.arrays import Floats, Ints
from scroogevm.traces.generate.mixes import DrawnVMs, Mix

STAY = 0.35
"""Share of the VMs that a growing node starts with, and that a shrinking one ends with."""

LIVES = 3.0
"""Mean number of VMs that follow one another in each place of a churning node."""

Lives = tuple[DrawnVMs, Ints, Ints]
"""VMs, the sample each begins with and the sample it has gone at, (vms,) each."""


@dataclass(frozen=True)
class Scenario:
    """A course of events on a node.

    Attributes:
        meaning: one line.
        lives: draws VMs and when they come and go, from (mix, vms, samples, rng).
        trend: factor on every VM's usage at the first and at the last sample.
        periodic: share of VMs that follow the day; None leaves it to the usage classes.
    """

    meaning: str
    lives: Callable[[Mix, int, int, np.random.Generator], Lives]
    trend: tuple[float, float] = (1.0, 1.0)
    periodic: float | None = None


def _all(mix: Mix, count: int, samples: int, rng: np.random.Generator) -> Lives:
    return mix.draw(count, rng), np.zeros(count, np.int64), np.full(count, samples)


def _leaving(mix: Mix, count: int, samples: int, rng: np.random.Generator) -> Lives:
    vms, begin, end = _all(mix, count, samples, rng)
    order, times = _one_by_one(vms.departure, samples, rng)
    end[order] = times
    return vms, begin, end


def _arriving(mix: Mix, count: int, samples: int, rng: np.random.Generator) -> Lives:
    vms, begin, end = _all(mix, count, samples, rng)
    order, times = _one_by_one(vms.arrival, samples, rng)
    begin[order] = times
    return vms, begin, end


def _one_by_one(rate: Floats, samples: int, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Which VMs move, those of busy classes first, and when: evenly over time, with jitter."""
    movers = int((1 - STAY) * rate.size)
    order = np.argsort(rng.exponential(size=rate.size) / np.maximum(rate, 1e-3), kind="stable")
    times = (np.arange(movers) + rng.random(movers)) / max(movers, 1)
    moments = np.floor(samples * (0.04 + 0.92 * times)).astype(np.int64)
    return order[:movers], np.clip(moments, min(1, samples - 1), samples)


def _following(mix: Mix, count: int, samples: int, rng: np.random.Generator) -> Lives:
    """Each place is taken by one VM after another, busy classes for a shorter time."""
    rounds = round(8 * LIVES)
    vms = mix.draw(count * rounds, rng)
    rate = np.maximum(vms.departure, 1e-3)
    pace = np.clip(rate.mean() / rate, 0.4, 2.5)
    life = rng.exponential(samples / LIVES * pace).reshape(count, rounds)
    pause = rng.exponential(0.1 * samples / LIVES, (count, rounds))
    # The node has been churning for a whole trace before the first sample.
    leave = np.cumsum(life + pause, axis=1) - samples
    arrive = leave - life - pause
    begin = np.clip(np.ceil(arrive), 0, samples).astype(np.int64).ravel()
    end = np.clip(np.ceil(leave - pause), 0, samples).astype(np.int64).ravel()
    # Names are given in order of arrival.
    alive = np.flatnonzero(end > begin)
    alive = alive[np.lexsort((end[alive], begin[alive]))]
    picked = {name: value[alive] for name, value in vars(vms).items()}
    return DrawnVMs(**picked), begin[alive], end[alive]


SCENARIOS: Mapping[str, Scenario] = {
    "increasing": Scenario("VMs arrive one by one, and work harder", _arriving, (0.85, 1.1)),
    "decreasing": Scenario("VMs leave one by one, and the others calm down", _leaving, (1.1, 0.85)),
    "steady": Scenario("the same VMs from begin to end", _all),
    "daily": Scenario("the same VMs, most of them following the day", _all, periodic=0.8),
    "churn": Scenario("VMs come and go all the time", _following),
}
"""Every scenario by name."""
