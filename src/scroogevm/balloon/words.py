"""Formats amounts of memory."""

from math import isfinite

from scroogevm.offers.guard import amount


def mib(value: float) -> str:
    """So many MiB.

    >>> mib(2048.4), mib(float("nan"))
    ('2048 MiB', 'an unknown amount')
    """
    return amount(value, "MiB") if isfinite(value) else "an unknown amount"
