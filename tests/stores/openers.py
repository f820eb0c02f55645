"""How the contract tests open each store: one line a store."""

import atexit
from collections.abc import Callable, Mapping
from functools import cache
from itertools import count
from pathlib import Path

from scroogevm.ports import STORES, Store
from scroogevm.registry import Spec
from servers import Influx1

_numbers = count()


def embedded(folder: Path) -> Store:
    """A fresh one for each test."""
    pairs = {"location": Spec(str(folder / "store")), "retention": Spec("0")}
    store: Store = STORES.build(Spec("embedded", pairs))
    return store


@cache
def _influx1() -> Influx1:
    """One server for all tests of a run."""
    server = Influx1().__enter__()
    atexit.register(server.__exit__)
    return server


def influxdb(_: Path) -> Store:
    """A fresh database for each test."""
    location = f"{_influx1().url}/contract{next(_numbers)}"
    store: Store = STORES.build(
        Spec("influxdb", {"location": Spec(location), "create": Spec("true")})
    )
    return store


OPENERS: Mapping[str, Callable[[Path], Store]] = {"embedded": embedded, "influxdb": influxdb}
"""For each writable store what opens an empty one, given a folder of its own.

An opener skips the test, with the reason, where what it needs is missing.
"""

EXEMPT: Mapping[str, str] = {}
"""Stores that take no samples, and where what they read is tested instead."""
