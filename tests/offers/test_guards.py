"""What each guard says of a case of its own."""

from typing import Any

import numpy as np
import pytest

from offers.facts import proposed, quiet
from scroogevm.offers.chain import Chain
from scroogevm.offers.offer import STATES

ONE = np.array([1.0])
CPU, MEM = "cpu", "mem"


def judged(
    spec: str, resource: str = CPU, nodes: int = 1, **changed: Any
) -> tuple[str, float, str]:
    """State, free and sentences of the first node, by one guard alone."""
    name = spec.partition(":")[0]
    chain = Chain({name: Chain.of(resource, [spec]).guards[name]})
    facts = quiet(nodes, **changed)
    offer = chain.limit(proposed(facts), facts)
    reasons = chain.reasons(offer, facts, 0)
    state = STATES[offer.state[0]]
    return state, float(offer.free[0]), " ".join(reason.sentence for reason in reasons)


CALM = ("ok", 60.0, "")


@pytest.mark.parametrize(
    "spec",
    [
        "hold", "lost", "fresh", "covered", "warm", "contention", "locked", "reserve", "bounds",
        "step", "dead-band",
    ],
)  # fmt: skip
def test_a_quiet_node_is_left_alone(spec: str) -> None:
    assert judged(spec) == CALM


def test_hold() -> None:
    state, free, said = judged("hold", frozen=7 * ONE)
    assert (state, free) == ("held", 7.0)
    assert "7 cores" in said


def test_lost() -> None:
    assert judged("lost", age=300 * ONE) == CALM
    state, free, said = judged("lost", age=301 * ONE)
    assert (state, free) == ("withdrawn", 0.0)
    assert said == "The newest sample is 5 min old (limit 5 min): nothing is offered."
    assert judged("lost", age=np.nan * ONE)[2].startswith("This node has never")


def test_fresh() -> None:
    assert judged("fresh", age=60 * ONE) == CALM
    assert judged("fresh", age=61 * ONE)[:2] == ("fallback", 20.0)
    assert judged("fresh", interval=60.0, age=180 * ONE) == CALM
    assert judged("fresh:ratio=2", age=61 * ONE)[:2] == ("fallback", 60.0)
    state, free, said = judged("fresh", list_age=90 * ONE)
    assert (state, free) == ("fallback", 20.0)
    assert said.startswith("The newest list of VMs is 90 s old (limit 60 s)")
    assert "was never seen" in judged("fresh", list_age=np.nan * ONE)[2]


def test_covered() -> None:
    thin = 0.2 * ONE
    assert judged("covered", coverage=0.5 * ONE) == CALM
    assert judged("covered", coverage=thin, before=50 * ONE)[:2] == ("held", 50.0)
    grown = judged("covered", coverage=thin, before=50 * ONE, allocated_before=70 * ONE)
    assert grown[:2] == ("held", 40.0), "a VM that came took its part"
    state, free, said = judged("covered", coverage=thin, coverage_before=thin)
    assert (state, free) == ("fallback", 20.0)
    assert "20 %" in said
    assert judged("covered", coverage=np.nan * ONE)[:2] == ("held", 60.0)


def test_warm() -> None:
    state, free, said = judged("warm", windows=np.array([3]))
    assert (state, free, said) == (
        "fallback", 20.0, "3 of 4 windows were seen: VMs count at their allocation."
    )  # fmt: skip
    assert judged("warm:windows=3", windows=np.array([3])) == CALM
    assert judged("warm", cold=np.array([True]))[:2] == ("fallback", 20.0)


@pytest.mark.parametrize(
    ("resource", "signal", "first", "second"),
    [
        (CPU, "wait", 0.06, 0.21), (CPU, "pressure", 0.11, 0.41), (CPU, "steal", 0.06, 0.21),
        (MEM, "pressure", 0.02, 0.11), (MEM, "stall", 0.02, 0.11),
        (MEM, "swap_in", 0.001, None), (MEM, "faults", 101.0, None),
    ],
)  # fmt: skip
def test_contention(resource: str, signal: str, first: float, second: float | None) -> None:
    def at(value: float, *, told: bool = True) -> tuple[str, float, str]:
        return judged(
            "contention",
            resource,
            before=30 * ONE,
            signals={signal: value * ONE},
            told={signal: np.array([told])},
        )

    assert at(0.0) == CALM
    assert at(first)[:2] == ("held", 30.0)
    assert at(np.nan)[:2] == ("fallback", 20.0)
    assert "no longer reported" in at(np.nan)[2]
    assert at(np.nan, told=False) == CALM
    if second is not None:
        assert at(second)[:2] == ("fallback", 20.0)


def test_locked() -> None:
    assert judged("locked", locked=10 * ONE)[:2] == ("ok", 50.0)
    assert judged("locked", locked=80 * ONE)[:2] == ("ok", 20.0)
    assert judged("locked", locked=np.nan * ONE)[1] == 20.0


def test_reserve() -> None:
    two: dict[str, Any] = {"nodes": 3, "estimated": np.array([40.0, 60.0, 20.0])}
    assert judged("reserve:on=true", **two)[:2] == ("ok", 30.0)  # half of the 60 next door
    state, free, said = judged("reserve:on=true")
    assert (state, free) == ("ok", 0.0)
    assert said.startswith("No other node")
    apart = judged("reserve:on=true", **two, group=np.array([0, 1, 0]))
    assert apart[1] == 40.0, "only the 20 of its own group"


def test_bounds() -> None:
    assert judged("bounds:most=1.2")[1] == pytest.approx(40.0)
    assert judged("bounds", MEM, allocated=120 * ONE)[1] == 30.0


def test_step() -> None:
    state, free, said = judged("step", before=20 * ONE)
    assert (state, free) == ("ok", 30.0)
    assert said == "Free grows by at most 10 % of capacity in a window; it was 20 cores."
    assert judged("step", before=90 * ONE) == CALM, "it falls at once"
    assert judged("step", before=np.nan * ONE)[1] == 10.0


def test_dead_band() -> None:
    assert judged("dead-band", before=58.5 * ONE)[1] == 58.5
    assert judged("dead-band", before=58 * ONE) == CALM
    assert judged("dead-band", before=61 * ONE) == CALM, "a decrease is told"
