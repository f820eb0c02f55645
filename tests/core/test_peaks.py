"""Of the VMs of earlier windows only the largest samples are kept: no number changes by it."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scroogevm.core.history import History
from scroogevm.core.state import State
from scroogevm.core.window import Occurrence, VMs, Window
from scroogevm.engine import Engine
from scroogevm.ports import STRATEGIES

SAMPLES = 20


def _window(rng: np.random.Generator, samples: int = SAMPLES) -> Window:
    usage = rng.random((6, samples)) * 4
    usage[rng.random(usage.shape) < 0.2] = np.nan
    vms = VMs(np.arange(6), np.repeat([0, 1], 3), np.full(6, 4.0), usage)
    return Window(vms.total(2), np.full(2, 32.0), np.full(2, 12.0), vms)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), p=st.sampled_from([0, 50, 90, 99, 100]))
def test_what_is_kept_gives_the_same_demands(seed: int, p: int) -> None:
    rng = np.random.default_rng(seed)
    spec = f"rc-like:p={p}"
    strategies = {"cpu": {"one": STRATEGIES.build(spec, "cpu")}}
    sparing = Engine(strategies, samples=SAMPLES)
    plain = replace(sparing, samples=None)
    mine, theirs = State(), State()
    for number in range(7):
        seen = Occurrence(
            number, 0, number * 10.0, ("a", "b"), {"cpu": _window(rng)}, list("uvwxyz")
        )
        mine, one = sparing.step(mine, seen)
        theirs, other = plain.step(theirs, seen)
        demand = one.estimates["cpu"]["one"].demand
        assert demand.tolist() == other.estimates["cpu"]["one"].demand.tolist()


def test_a_kept_window_of_another_pace_makes_its_vms_new() -> None:
    rng = np.random.default_rng(1)
    strategies = {"cpu": {"one": STRATEGIES.build("rc-like:p=50", "cpu")}}
    state = State()
    for number, samples in enumerate([10, 10, 10, 10, SAMPLES]):
        engine = Engine(strategies, samples=samples)
        window = _window(rng, samples)
        seen = Occurrence(number, 0, number * 10.0, ("a", "b"), {"cpu": window}, list("uvwxyz"))
        state, step = engine.step(state, seen)
    assert step.estimates["cpu"]["one"].demand.tolist() == [12.0, 12.0]


def test_a_percentile_that_was_not_said_is_refused() -> None:
    window = _window(np.random.default_rng(1))
    with pytest.raises(ValueError, match="not in vm_percentile"):
        History((), window, kept=4, lowest=99.0).vm_percentile(50)
