"""Random nodes, and nodes of quiet guests."""

from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import numpy as np
from hypothesis import strategies as st

from scroogevm.balloon.facts import Guests, Host, NodeFacts
from scroogevm.core.arrays import Bools, Floats

FLAGS = ("device", "running", "migrating", "locked", "hugepages", "passthrough", "taken")
QUIET: Mapping[str, Any] = {
    "maximum": 4096.0, "actual": 4096.0, "minimum": 0.0, "available": 4000.0, "unused": 500.0,
    "usable": 3000.0, "rss": 4200.0, "need": 1100.0, "looked": 3600.0, "age": 2.0, "swap_in": 0.0,
    "faults": 0.0, "pressure": np.nan, "weight": 1.0, "up": 90_000.0, "asked": np.nan,
    "since": np.inf, "calm": np.inf, "ignored": 0, "device": True, "period": 5.0, "running": True,
    "migrating": False, "locked": False, "hugepages": False, "passthrough": False, "taken": False,
}  # fmt: skip
"""A guest of 4096 MiB that uses 1000, on which nothing is wrong."""


def guests(count: int = 1, **changed: Any) -> Guests:
    """So many quiet guests; what differs is one value for all, or one for each."""
    arrays = {
        name: np.broadcast_to(np.asarray(value), count).copy()
        for name, value in {**QUIET, **changed}.items()
    }
    names = [f"vm{vm}" for vm in range(count)]
    return Guests(uuid=[f"uuid-{name}" for name in names], name=names, **arrays)


def node(
    count: int = 1, free: float = 0.1, host: Mapping[str, float] = {}, **changed: Any
) -> NodeFacts:
    """A node of 10 GiB for each guest, of which so much is free."""
    total = 10_240.0 * count
    known = {"total": total, "available": free * total, "some": 0.0, "full": 0.0, "swap_in": 0.0}
    return NodeFacts("node", Host(**{**known, **host}), guests(count, **changed))


def with_guests(facts: NodeFacts, **changed: Any) -> NodeFacts:
    """The same node, where something about its guests differs."""
    known = {item.name: getattr(facts.guests, item.name) for item in fields(Guests)}
    return NodeFacts(facts.node, facts.host, Guests(**{**known, **changed}), facts.interval)


@st.composite
def nodes(draw: st.DrawFn, *, missing: bool = True, refused: bool = True) -> NodeFacts:
    """A node with anything; or with guests that are told in full, or that nothing refuses."""
    return _Drawn(draw(st.integers(0, 2**32 - 1)), missing and refused, refused).node()


class _Drawn:
    """Numbers by a seed: limits of their ranges and missing ones come more often than by chance."""

    def __init__(self, seed: int, missing: bool, refused: bool) -> None:  # noqa: FBT001
        self.random = np.random.default_rng(seed)
        self.missing, self.refused = missing, refused
        self.count = int(self.random.integers(1, 6))

    def array(self, low: float, high: float, *, maybe: bool = False) -> Floats:
        values = self.random.uniform(low, high, self.count)
        edge = self.random.random(self.count)
        values = np.where(edge < 0.1, low, np.where(edge > 0.9, high, values))
        lost = (self.missing or maybe) & (self.random.random(self.count) < 0.05)
        return np.where(lost, np.nan, values)

    def flags(self) -> Bools:
        return self.refused & (self.random.random(self.count) < 0.08)

    def node(self) -> NodeFacts:
        array = self.array
        maximum = array(256, 65_536)
        actual = maximum * array(0.1, 1.0)
        available = actual - array(20, 60)
        changed: dict[str, Any] = {
            "maximum": maximum,
            "actual": actual,
            "minimum": maximum * array(0, 1.1) ** 3,
            "available": available,
            "unused": available * array(0, 0.5),
            "usable": available * array(0, 1),
            "rss": actual * array(0, 1.2),
            "need": available * array(0, 1),
            "swap_in": np.maximum(0, array(-1, 0.2)),
            "faults": array(0, 220),
            "pressure": np.maximum(0, array(-0.5, 0.2, maybe=True)),
            "weight": array(0.1, 10),
            "asked": np.where(array(0, 1) < 0.5, maximum * array(0.1, 1.0), np.nan),
            "since": array(0, 1000),
            "calm": array(0, 5000),
            **{name: self.flags() ^ (name in ("device", "running")) for name in FLAGS},
        }
        if self.refused:
            changed |= {
                "looked": array(0, 7200),
                "age": array(0, 40),
                "up": array(0, 3000),
                "period": np.maximum(0, array(-1, 20)),
                "ignored": np.maximum(0, np.nan_to_num(array(-9, 4))).astype(np.int64),
            }
        total = float(np.nansum(maximum)) * self.random.uniform(0.3, 1.5)
        left = total * self.random.uniform(0, 0.6)
        some, full, swap = (np.maximum(0, array(-h, h, maybe=True)[0]) for h in (0.3, 0.1, 3))
        return NodeFacts("node", Host(total, left, some, full, swap), guests(self.count, **changed))
