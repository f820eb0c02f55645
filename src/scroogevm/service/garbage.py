"""Runs the cyclic garbage collector between windows, not during one."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def looked_for_afterwards() -> Iterator[None]:
    """Look for cyclic garbage once, when the block ends, and not within it.

    A look goes through every object there is, and stops all threads meanwhile: 0.1 s for the
    offers of 10 000 nodes. A window makes so many objects that it happened twenty times, which
    whoever asked the API then had to wait for.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
            gc.collect()
