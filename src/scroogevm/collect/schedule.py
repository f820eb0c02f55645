"""Schedules scrapes: fixed times, spread over the interval, without drift."""

from hashlib import blake2b
from math import floor

LONGEST_PAUSE = 60.0
"""Largest pause of a failing target in seconds, unless its interval is longer."""

_DOUBLINGS = 16
_ROUNDING = 1e-6


def phase(name: str, interval: float) -> float:
    """The time in its interval at which a node is scraped: hash(name) * interval, in [0, interval).

    >>> round(phase("node1", 5.0), 3) == round(phase("node1", 5.0), 3) != phase("node2", 5.0)
    True
    """
    digest = blake2b(name.encode("utf-8", "surrogatepass"), digest_size=6).digest()
    return int.from_bytes(digest) / 2**48 * interval


def next_tick(now: float, interval: float, first: float) -> float:
    """The earliest of the times ``first + k * interval`` after now.

    What was too late is skipped, so a pause is followed by one tick, not by many.

    >>> next_tick(12.0, 5.0, 2.0), next_tick(11.9, 5.0, 2.0)
    (17.0, 12.0)
    """
    return first + (floor((now - first) / interval + _ROUNDING) + 1) * interval


def pause(failures: int, interval: float, draw: float) -> float:
    """Seconds to leave a target alone: interval * 2^(failures - 1), bounded, a random part off.

    Args:
        failures: in a row, at least one.
        interval: seconds between its scrapes.
        draw: a random number in [0, 1); up to half the pause is left out.

    >>> [pause(failures, 5.0, 0.0) for failures in (1, 2, 3, 99)]
    [5.0, 10.0, 20.0, 60.0]
    """
    doubled = interval * 2.0 ** min(failures - 1, _DOUBLINGS)
    return min(doubled, max(interval, LONGEST_PAUSE)) * (1 - draw / 2)


def time_limit(wanted: float, interval: float) -> float:
    """Seconds that a scrape may take: the wanted ones, but always less than the interval."""
    return min(wanted, 0.8 * interval)
