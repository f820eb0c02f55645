"""The allowed ranges of number options, defined once for command line, files and checks."""

from collections.abc import Mapping
from math import isfinite

RANGES: Mapping[str, tuple[float, float]] = {
    "--coverage": (0.0, 1.0),
    "--tolerance": (0.0, 1.0),
    "--workers": (1, 1024),
    "--cpu": (0.0, 100.0),
    "--mem": (0.0, 100.0),
    "--nodes": (0, 1e6),
    "--aggregate": (1, 1e6),
    "--history": (0, 10_000),
    "--scope": (1e-3, 1e9),
    "--slice": (1e-3, 1e9),
    "--time-limit": (0.05, 600),
    "--size-limit": (0.01, 1024),
    "--buffer-limit": (1, 1 << 20),
    "--duration": (0, 1e9),
}
"""The smallest and the largest value of each option that is a number."""


def out_of_range(values: Mapping[str, float | None]) -> list[str]:
    """Problems of the values of options, by name; None is an option that was not given.

    >>> out_of_range({"--workers": 0, "--coverage": 0.5, "--history": None})
    ['--workers 0 is not from 1 to 1024']
    """
    return [
        f"{option} {value:g} is not from {RANGES[option][0]:g} to {RANGES[option][1]:g}"
        for option, value in values.items()
        if value is not None and not is_within(option, value)
    ]


def is_within(option: str, value: float) -> bool:
    """Whether a number is in the range of an option; always true for an option without a range."""
    low, high = RANGES.get(option, (float("-inf"), float("inf")))
    return isfinite(value) and low <= value <= high
