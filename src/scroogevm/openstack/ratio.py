"""Computes the allocation ratio from an offer.

Placement accepts an allocation while ``used + amount <= (total - reserved) * ratio``. Its databases
keep the ratio as a float of 64 bits (SQLite, PostgreSQL) or 32 bits (MySQL), so both are asked.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from math import floor

import numpy as np

_DIGITS = range(2, 8)
"""Decimals that a ratio may have."""
_STEPS = 10**6
"""A ratio has no more than six digits that count: MySQL gives no more of them back."""


def accepted(net: int, ratio: float) -> int:
    """Whole units that Placement hands out at most, whichever database keeps the ratio.

    >>> accepted(64, 1.5), accepted(60, 1.66), accepted(0, 4.0)
    (96, 99, 0)
    """
    return max(floor(net * kept) for kept in (ratio, float(np.float32(ratio))))


def never_above(net: int, limit: float) -> float:
    """The greatest ratio of two decimals that hands out no more than a limit; 0 for none.

    Args:
        net: total less reserved, units.
        limit: units that may be promised in all.

    >>> never_above(60, 100.0)
    1.66
    """
    if net <= 0 or limit <= 0:
        return 0.0
    hundredths = floor(Fraction(limit) * 100 / net)
    while hundredths > 0 and accepted(net, hundredths / 100) > limit:
        hundredths -= 1
    return hundredths / 100


def never_below(net: int, need: int) -> float:
    """The shortest ratio that hands out so many whole units and hardly more.

    Two decimals of a large node are many units: as many decimals are taken as it needs to hand out
    exactly ``need``. It is never 0, which nova-compute takes for a ratio that is not set.

    Args:
        net: total less reserved, units, above 0.
        need: units that have to stay promised.

    >>> never_below(64, 4), never_below(131072, 0), never_below(64, 64)
    (0.07, 1e-06, 1.0)
    """
    least = max(need, 0)
    best = 0.0
    for ratio in _rounded_up(net, least):
        best = ratio
        if accepted(net, ratio) == least:
            break
    return best


def _rounded_up(net: int, need: int) -> Iterator[float]:
    """Ratios of more and more decimals that hand out at least so much."""
    for digits in _DIGITS:
        scale = 10**digits
        steps = max(1, -(-need * scale // net))
        # A float may be less than the decimal it stands for, and so may what MySQL keeps of it.
        while min(floor(net * kept) for kept in _kept(steps / scale)) < need:
            steps += 1
        if digits > _DIGITS.start and steps >= _STEPS:
            return
        yield steps / scale


def _kept(ratio: float) -> tuple[float, float]:
    return ratio, float(np.float32(ratio))


@dataclass(frozen=True)
class RatioBounds:
    """What a ratio may be, whatever the offer says.

    Attributes:
        low: no less, even where Placement then accepts more than the offer; 0 for no bound.
        high: no more.
        headroom: units that stay free above what is used, such as for evacuation, even where the
            offer has less; 0 for none.
        below_used: whether it may fall below what is used.
    """

    low: float = 0.0
    high: float = 4.0
    headroom: int = 0
    below_used: bool = False


@dataclass(frozen=True)
class RatioTarget:
    """The ratio that an offer asks for.

    Attributes:
        ratio: to be written.
        limit: units that may be promised in all, by the offer.
        bound: what decided besides the offer: ``high``, ``used``, ``low``, or empty.
    """

    ratio: float
    limit: float
    bound: str = ""


def target(net: int, used: int, told: float, free: float, bounds: RatioBounds) -> RatioTarget:
    """The ratio for an offer: ``(allocated + free) / (total - reserved)``, rounded down.

    What is allocated is what Placement counts. Where it counts more than the telemetry saw, VMs
    came since, or have no telemetry: they take from what is free.

    Args:
        net: total less reserved, units, above 0.
        used: units that Placement counts as allocated.
        told: units that the telemetry saw allocated when the offer was made.
        free: units that may be promised besides.
        bounds: what the ratio may be.
    """
    limit = max(0.0, min(float(used), told) + free)
    ratio, bound = never_above(net, limit), ""
    if ratio > bounds.high:
        ratio, bound = bounds.high, "high"
    need = used + bounds.headroom
    if not bounds.below_used and accepted(net, ratio) < need:
        ratio, bound = never_below(net, need), "used"
    if ratio <= 0:
        ratio, bound = never_below(net, 0), "used"
    if ratio < bounds.low:
        ratio, bound = bounds.low, "low"
    return RatioTarget(ratio, limit, bound)
