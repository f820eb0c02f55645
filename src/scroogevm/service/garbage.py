"""Runs the cyclic garbage collector between windows, not during one."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def looked_for_afterwards() -> Iterator[None]:
    """Collect cyclic garbage once, when the block ends, and not within it.

    A collection visits every object and stops all threads: 0.1 s for the offers of 10 000 nodes.
    A window makes so many objects that it happened twenty times, and requests to the API had to
    wait for it.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
            gc.collect()
