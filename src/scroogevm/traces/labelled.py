"""Generates windows whose change is known, to measure quiescence tests.

A case is stable when its change moves neither the mean nor the 5th nor the 95th percentile of the
new window by more than ``matters``: 1 % of capacity, or half the standard deviation of the kept
windows where that is more, for a margin of at least two deviations covers the rest. What a change
moves is measured on the same window with and without it, noise and all, so the label does not
depend on what the noise happened to be.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scroogevm.core.arrays import Floats
from scroogevm.core.confusion import Confusion
from scroogevm.core.history import History
from scroogevm.core.window import VMs, Window
from scroogevm.errors import TraceError
from scroogevm.ports import QuiescenceTest
from scroogevm.traces.generate.signals import autocorrelated

KEPT = 4
"""Kept windows of a case."""
SIZES = (0.0, 0.25, 0.5, 0.75, 1.5, 2.0, 3.0, 4.0)
"""What a change moves, as multiples of what matters: graded, half on either side of the limit."""
CAPACITIES = (8.0, 32.0, 64.0, 128.0, 256.0)
INTERVALS = (5.0, 10.0, 20.0)
SECONDS = 1800.0
"""Length of a window."""
SHARE = 0.01
"""Share of capacity that matters."""
DEVIATIONS = 0.5
"""Standard deviations of the kept windows that matter."""


@dataclass(frozen=True, eq=False)
class Labelled:
    """Kept windows, a new one, and whether it behaves as they did.

    Attributes:
        kept: (windows, samples), usage of one node, oldest window first.
        new: (samples,), the window to judge.
        capacity: what the node has.
        interval: seconds between samples.
        family: kind of change.
        size: what the change moves, as a multiple of what matters; NaN if unknown.
        stable: the label; in a generated case, whether the size is at most 1.
    """

    kept: Floats
    new: Floats
    capacity: float
    interval: float
    family: str
    size: float
    stable: bool

    def history(self, every: int = 1) -> History:
        """What a test is asked: one node, every n-th sample.

        >>> one = next(labelled(seed=1, rounds=1))
        >>> one.history().new.usage.shape[0], len(one.history().earlier)
        (1, 4)
        """
        *earlier, new = (
            Window(row[np.newaxis, ::every], np.array([self.capacity]), np.zeros(1), VMs.none())
            for row in (*self.kept, self.new)
        )
        return History(tuple(earlier), new, kept=len(earlier))


@dataclass(frozen=True)
class Life:
    """What a node does when nothing changes.

    Attributes:
        capacity: what it has.
        interval: seconds between samples.
        usage: (windows + 1, samples), the new window last.
        noise: (windows + 1, samples), the part of ``usage`` that is noise.
    """

    capacity: float
    interval: float
    usage: Floats
    noise: Floats

    @property
    def position(self) -> Floats:
        """(samples,), from 0 at the begin of a window to 1 at its end."""
        return _position(self.usage.shape[1])


Change = Callable[[float], Floats]
"""What is added to every window, (windows + 1, samples), at a strength; nothing at 0."""


def labelled(seed: int, rounds: int) -> Iterator[Labelled]:
    """Cases of every family and size, ``rounds`` of each; the same seed gives the same cases."""
    for number in range(rounds):
        for index, family in enumerate(FAMILIES):
            for place, size in enumerate(SIZES):
                yield case(family, size, np.random.default_rng((seed, number, index, place)))


def confusion(test: QuiescenceTest, cases: Sequence[Labelled], every: int = 1) -> Confusion:
    """What a test makes of the cases, of every n-th sample of them."""
    said = [test.judge(one.history(every)).quiescent[0] for one in cases]
    return Confusion.of(np.array(said, np.bool_), np.array([one.stable for one in cases], np.bool_))


def case(family: str, size: float, rng: np.random.Generator) -> Labelled:
    """One case of a family, its change so strong that it moves ``size`` times what matters.

    The size is missed where no change is so strong, as noise cannot fall below none; the case tells
    what it became.

    >>> one = case("level", 4.0, np.random.default_rng(2))
    >>> one.stable, one.kept.shape[0], round(one.size, 2)
    (False, 4, 4.0)
    """
    life = _life(rng)
    change = FAMILIES[family](life, rng)
    moved, usage = 0.0, life.usage
    low, high = _STRENGTHS
    for _ in range(_HALVINGS if size else 0):
        strength = math.sqrt(low * high)
        usage = np.clip(life.usage + change(strength), 0, life.capacity)
        moved = _moved(life, usage)
        low, high = (strength, high) if moved < size else (low, strength)
    if family == "outlier":
        usage = _struck(usage, life.capacity, rng)
    return Labelled(usage[:-1], usage[-1], life.capacity, life.interval, family, moved, moved <= 1)


def _life(rng: np.random.Generator) -> Life:
    """Correlated noise around a level that wanders a little, with or without a recurring shape."""
    capacity, interval = float(rng.choice(CAPACITIES)), float(rng.choice(INTERVALS))
    samples = round(SECONDS / interval)
    deviation = capacity * float(np.exp(rng.uniform(np.log(0.002), np.log(0.04))))
    memory = float(np.exp(rng.uniform(np.log(5.0), np.log(60.0))))
    shocks = rng.standard_normal((KEPT + 1, samples), np.float32)
    noise = deviation * autocorrelated(shocks, float(np.exp(-interval / memory))).astype(np.float64)
    wander = 0.3 * deviation * rng.standard_normal((KEPT + 1, 1))
    wave = np.sin(2 * np.pi * (_position(samples) + rng.random()))
    shape = deviation * rng.choice([0.0, 1.0]) * wave
    level = capacity * rng.uniform(0.2, 0.7)
    usage = np.clip(level + wander + shape + noise, 0, capacity)
    return Life(capacity, interval, usage, noise)


def _position(samples: int) -> Floats:
    return np.asarray((np.arange(samples) + 0.5) / samples, np.float64)


def _moved(life: Life, usage: Floats) -> float:
    """How far a change moves mean, 5th and 95th percentile at most, in units of what matters."""
    reference = life.usage[-1] + np.mean(usage[:-1] - life.usage[:-1])
    gaps = [
        np.mean(usage[-1]) - np.mean(reference),
        *(np.percentile(usage[-1], (5, 95)) - np.percentile(reference, (5, 95))),
    ]
    matters = max(SHARE * life.capacity, DEVIATIONS * float(np.std(usage[:-1])))
    return float(np.max(np.abs(gaps))) / matters


def _in_new(life: Life, shape: npt.NDArray[np.floating]) -> Change:
    change = np.zeros_like(life.usage)
    change[-1] = shape * (SHARE * life.capacity)
    return lambda strength: strength * change


def _level(life: Life, rng: np.random.Generator) -> Change:
    """From somewhere in the first third of the new window on, usage is higher, or lower."""
    return _in_new(life, _sign(rng) * (life.position >= rng.uniform(-0.3, 0.3)))


def _trend(life: Life, rng: np.random.Generator) -> Change:
    """Usage climbs, or falls, all through the new window."""
    return _in_new(life, _sign(rng) * life.position)


def _burst(life: Life, rng: np.random.Generator) -> Change:
    """One to three bursts fill a tenth to a third of the new window."""
    count, width = int(rng.integers(1, 4)), rng.uniform(0.1, 0.33)
    starts = (np.arange(count) + rng.uniform(0, 1 - width, count)) / count
    since = life.position - starts[:, np.newaxis]
    return _in_new(life, np.any((since >= 0) & (since < width / count), axis=0).astype(np.float64))


def _cycle(life: Life, rng: np.random.Generator) -> Change:
    """All windows lie on a slow wave of six hours to a day, so that the level drifts on."""
    period = rng.uniform(6, 24) * 3600
    windows = np.arange(life.usage.shape[0])[:, np.newaxis]
    wave = np.sin(2 * np.pi * (rng.random() + (windows + life.position) * SECONDS / period))
    return lambda strength: strength * SHARE * life.capacity * (wave - wave[:-1].mean())


def _noise(life: Life, rng: np.random.Generator) -> Change:
    """The noise of the new window is larger, or smaller, down to none."""
    sign, change = _sign(rng), np.zeros_like(life.usage)

    def louder(strength: float) -> Floats:
        change[-1] = max(0.1 * sign * strength, -1.0) * life.noise[-1]
        return change

    return louder


def _struck(usage: Floats, capacity: float, rng: np.random.Generator) -> Floats:
    """One to three samples anywhere, kept or new, read something else entirely."""
    struck = usage.copy()
    for _ in range(int(rng.integers(1, 4))):
        row, column = rng.integers(0, usage.shape[0]), rng.integers(0, usage.shape[1])
        struck[row, column] = rng.choice([0.0, capacity])
    return struck


def _sign(rng: np.random.Generator) -> float:
    return float(rng.choice([-1.0, 1.0]))


FAMILIES: Mapping[str, Callable[[Life, np.random.Generator], Change]] = {
    "level": _level,
    "trend": _trend,
    "burst": _burst,
    "cycle": _cycle,
    "noise": _noise,
    "outlier": _level,
}
"""What changes, by name; an outlier strikes on top of a shift of level, or of none."""

_STRENGTHS = (1 / 256, 128.0)
"""The weakest and the strongest change tried; a strength of 1 is about 1 % of capacity."""
_HALVINGS = 24


def read_labelled(path: Path, capacity: float, interval: float) -> Sequence[Labelled]:
    """Cases that somebody labelled, from a JSON list of ``old``, ``new`` and ``stable``.

    ``old`` holds the kept samples joined; a test gets them as one window.

    Raises:
        TraceError: the file is not a list of labelled windows.
    """
    try:
        rows = json.loads(path.read_text("utf-8"))
        return [
            Labelled(
                kept=np.array([row["old"]], np.float64),
                new=np.array(row["new"], np.float64),
                capacity=capacity,
                interval=interval,
                family=path.stem,
                size=math.nan,
                stable=bool(row["stable"]),
            )
            for row in rows
        ]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise TraceError(f"not a list of old, new and stable: {error}", where=str(path)) from None
