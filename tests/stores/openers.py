"""How the contract tests open each store: one line a store."""

from collections.abc import Callable, Mapping
from pathlib import Path

from scroogevm.ports import STORES, Store
from scroogevm.registry import Spec


def embedded(folder: Path) -> Store:
    """A fresh one for each test."""
    pairs = {"location": Spec(str(folder / "store")), "retention": Spec("0")}
    store: Store = STORES.build(Spec("embedded", pairs))
    return store


OPENERS: Mapping[str, Callable[[Path], Store]] = {"embedded": embedded}
"""For each writable store what opens an empty one, given a folder of its own.

An opener skips the test, with the reason, where what it needs is missing.
"""

EXEMPT: Mapping[str, str] = {}
"""Stores that take no samples, and where what they read is tested instead."""
