"""Random facts and offers, and facts of quiet nodes."""

from typing import Any

import numpy as np
from hypothesis import strategies as st

from scroogevm.core.arrays import Floats
from scroogevm.offers.facts import SIGNALS, Facts
from scroogevm.offers.offer import Offer


def quiet(nodes: int = 1, **changed: Any) -> Facts:
    """Nodes of 100 cores, 80 allocated, 40 demanded, on which nothing is wrong."""
    full = np.full(nodes, 1.0)
    known: dict[str, Any] = {
        "capacity": 100 * full,
        "allocated": 80 * full,
        "estimated": 40 * full,
        "age": 5 * full,
        "list_age": 5 * full,
        "coverage": full,
        "coverage_before": full,
        "windows": np.full(nodes, 4),
        "cold": np.zeros(nodes, np.bool_),
        "before": 60 * full,
        "allocated_before": 80 * full,
        "locked": np.zeros(nodes),
        "frozen": np.full(nodes, np.nan),
        "group": np.zeros(nodes, np.int64),
    }
    return Facts(**{**known, **changed})


def proposed(facts: Facts) -> Offer:
    return Offer.of(facts.capacity, facts.allocated, facts.estimated)


def numbers(low: float, high: float) -> st.SearchStrategy[float]:
    return st.one_of(
        st.floats(low, high), st.sampled_from([low, high]), st.sampled_from([low, np.nan])
    )


@st.composite
def facts(draw: st.DrawFn, resource: str = "cpu", *, missing: bool = True) -> Facts:
    nodes = draw(st.integers(1, 4))

    def array(low: float, high: float) -> Floats:
        each = numbers(low, high) if missing else st.floats(low, high)
        return np.array(draw(st.lists(each, min_size=nodes, max_size=nodes)), np.float64)

    def flags() -> Any:
        return np.array(draw(st.lists(st.booleans(), min_size=nodes, max_size=nodes)), np.bool_)

    return Facts(
        capacity=array(0, 128),
        allocated=array(0, 300),
        estimated=array(-10, 200),
        age=array(0, 700),
        list_age=array(0, 700),
        coverage=array(0, 1),
        coverage_before=array(0, 1),
        windows=np.array(draw(st.lists(st.integers(0, 6), min_size=nodes, max_size=nodes))),
        cold=flags(),
        before=array(0, 128),
        allocated_before=array(0, 300),
        locked=array(0, 64),
        frozen=np.where(flags(), array(0, 128), np.nan),
        group=np.array(draw(st.lists(st.integers(0, 1), min_size=nodes, max_size=nodes))),
        signals={name: array(0, 1) for name in SIGNALS[resource]},
        told={name: flags() for name in SIGNALS[resource]},
    )
