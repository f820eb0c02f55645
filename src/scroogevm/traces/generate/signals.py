"""Generates the usage of VMs over time, as arrays (vms, samples)."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from scroogevm.traces.generate.mixes import DrawnVMs

Singles = npt.NDArray[np.float32]

DAY = 86_400.0
STEP = 60.0
"""Seconds after which what changes slowly may change: day, shifts, bursts, memory."""
MEMORY_S = 60.0
"""Seconds after which the noise of a VM has mostly forgotten what it was."""
BURSTS = 0.03
"""Share of time that a VM spends in bursts."""
BURST_S = 240.0
"""Mean length of a burst, seconds."""
TIMERS = 0.15
"""Share of VMs that run a task on the full hour, or on every few: they peak together."""
TIMER_S = 180.0
"""The duration of this task, seconds."""
_BLOCK = 32


def autocorrelated(shocks: Singles, correlation: float) -> Singles:
    """First-order autoregression along the last axis, of standard deviation 1.

    ``x[t] = c * x[t-1] + sqrt(1 - c**2) * shock[t]``, ``x[0] = shock[0]``.

    Args:
        shocks: (rows, samples), standard normal.
        correlation: of neighbouring samples, from 0 to below 1.

    >>> autocorrelated(np.array([[1.0, 0.0, 0.0]], np.float32), 0.5).tolist()
    [[1.0, 0.5, 0.25]]
    """
    if correlation < 1e-3:
        return shocks
    rows, samples = shocks.shape
    blocks = -(-samples // _BLOCK)
    padded = np.zeros((rows, blocks * _BLOCK), np.float32)
    padded[:, :samples] = shocks
    padded[:, 1:] *= np.float32(np.sqrt(1 - correlation**2))
    # A block is solved at once, as a sum of shocks weighted by powers of the correlation; only
    # what it inherits from the one before is carried over in a loop.
    powers = (correlation ** np.arange(_BLOCK)).astype(np.float64)
    cube = padded.reshape(rows, blocks, _BLOCK)
    solved = np.cumsum(cube / powers, axis=2) * powers
    for block in range(1, blocks):
        solved[:, block] += solved[:, block - 1, -1:] * (correlation * powers)
    return solved.reshape(rows, -1)[:, :samples].astype(np.float32)


@dataclass(frozen=True)
class SampleTimes:
    """The samples of a node.

    Attributes:
        samples: how many.
        interval: seconds between them.
    """

    samples: int
    interval: float

    @property
    def stride(self) -> int:
        """Samples in a step of what changes slowly."""
        return max(1, round(STEP / self.interval))

    @property
    def steps(self) -> int:
        """Steps it takes to cover all samples."""
        return -(-self.samples // self.stride)

    @property
    def seconds(self) -> Singles:
        """(steps,), when each step begins."""
        return (np.arange(self.steps) * (self.stride * self.interval)).astype(np.float32)

    def correlation(self, memory: float, *, slow: bool = True) -> float:
        """Correlation of neighbouring steps (or samples) of what forgets within ``memory`` s."""
        return float(np.exp(-self.interval * (self.stride if slow else 1) / memory))

    def spread(self, steps: Singles) -> Singles:
        """What is known by step, by sample: (rows, steps) -> (rows, samples)."""
        return np.repeat(steps, self.stride, axis=1)[:, : self.samples]


def cpu(
    vms: DrawnVMs, clock: SampleTimes, trend: tuple[float, float], rng: np.random.Generator
) -> Singles:
    """Cpu usage as a fraction of the allocation, (vms, samples).

    The VM's mean, times day, level shifts, trend and noise, plus bursts up to its peak.
    """
    level = (
        _day(vms, clock, rng)
        * _shifts(vms.mean.size, clock, rng)
        * np.linspace(*trend, clock.steps, dtype=np.float32)
    )
    common = rng.standard_normal((1, clock.steps), np.float32)
    level *= np.exp(0.04 * autocorrelated(common, clock.correlation(1800.0)))
    height = (vms.peak - vms.mean).astype(np.float32)[:, np.newaxis]
    calm = np.maximum(vms.mean.astype(np.float32)[:, np.newaxis] - BURSTS * height, 0)
    shocks = rng.standard_normal((vms.mean.size, clock.samples), np.float32)
    noise = autocorrelated(shocks, clock.correlation(MEMORY_S, slow=False))
    spread = rng.uniform(0.08, 0.35, (vms.mean.size, 1)).astype(np.float32)
    noise *= spread
    noise -= spread**2 / 2
    usage = np.exp(noise, out=noise)
    usage *= clock.spread(calm * level)
    usage += clock.spread(height * _bursts(vms.mean.size, clock, rng))
    return np.clip(usage, 0, 1, out=usage)


def memory(count: int, clock: SampleTimes, rng: np.random.Generator) -> Singles:
    """Memory usage as a fraction of the allocation, (vms, samples): it moves slowly."""
    share = rng.uniform(0.25, 0.85, (count, 1)).astype(np.float32)
    drift = rng.standard_normal((count, clock.steps), np.float32)
    moving = share * (1 + 0.05 * autocorrelated(drift, clock.correlation(7200.0)))
    return clock.spread(np.clip(moving, 0.02, 1).astype(np.float32))


def _day(vms: DrawnVMs, clock: SampleTimes, rng: np.random.Generator) -> Singles:
    """Factor of the time of day, lowest at the begin for most."""
    depth = np.where(vms.periodic, rng.uniform(0.4, 0.8, vms.mean.size), 0.0)
    late = rng.normal(0.0, DAY / 16, vms.mean.size)
    angle = 2 * np.pi / DAY * (clock.seconds - late[:, np.newaxis])
    return (1 - depth[:, np.newaxis] * np.cos(angle)).astype(np.float32)


def _shifts(count: int, clock: SampleTimes, rng: np.random.Generator) -> Singles:
    """Factor of the level: from some moment on a VM does more, or less, than before."""
    factor = np.ones((count, clock.steps), np.float32)
    for _ in range(2):
        moment = rng.integers(0, clock.steps, (count, 1))
        size = np.where(rng.random((count, 1)) < 0.4, rng.normal(0.0, 0.35, (count, 1)), 0.0)
        after = np.arange(clock.steps) >= moment
        factor *= np.where(after, np.exp(size), 1.0).astype(np.float32)
    return factor


def _bursts(count: int, clock: SampleTimes, rng: np.random.Generator) -> Singles:
    """How much of the way up to its peak a VM goes, by step; mostly 0."""
    # A burst lasts while a slow noise stays above the level that leaves the wanted share.
    shocks = rng.standard_normal((count, clock.steps), np.float32)
    slow = autocorrelated(shocks, clock.correlation(BURST_S))
    above = slow > _NORMAL_TAIL
    heights = rng.uniform(0.6, 1.0, (count, clock.steps)).astype(np.float32)
    period = rng.choice([3600.0, 4 * 3600.0, DAY], (count, 1))
    timed = rng.random((count, 1)) < TIMERS
    above |= timed & (clock.seconds % period < TIMER_S)
    return np.where(above, heights, np.float32(0))


_NORMAL_TAIL = 1.88
"""A standard normal number is above this with probability ``BURSTS``."""
