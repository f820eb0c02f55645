"""The two clocks of the companion."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True)
class Clocks:
    """Two clocks, which tests may replace.

    Attributes:
        steady: seconds by one that never jumps.
        now: seconds since 1970.
    """

    steady: Callable[[], float] = time.monotonic
    now: Callable[[], float] = time.time
