"""The engine keeps histories apart, asks strategies, and fails closed."""

from dataclasses import dataclass

import numpy as np
import pytest

from helpers import NAN, demands, engine_of, occurrences_of, steps, strategy_of, vms_of, window_of
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History
from scroogevm.core.state import State
from scroogevm.engine import Engine
from scroogevm.ports import CPU, MEM, Strategy
from scroogevm.strategies.borg import Borg
from scroogevm.strategies.google_oracle import GoogleOracle
from scroogevm.strategies.n_sigma import NSigma
from scroogevm.strategies.oracle import Oracle
from scroogevm.strategies.percentile import Percentile
from scroogevm.strategies.persistence import Persistence


def test_slices_have_histories_of_their_own() -> None:
    day, night = 8.0, 2.0
    windows = [window_of([[level + i]]) for i in range(4) for level in (day, night)]
    engine = Engine({CPU: {"top": Percentile(100.0), "low": Percentile(0.0)}}, slices=2)
    _, done = steps(engine, occurrences_of(windows, slices=2))
    assert demands(done, "low")[:, 0].tolist() == [8, 2, 8, 2, 8, 2, 8, 2]
    assert demands(done, "top")[:, 0].tolist() == [8, 2, 9, 3, 10, 4, 11, 5]


def test_slices_have_memos_of_their_own() -> None:
    windows = [window_of([[1.0]], capacity=20.0, allocated=10.0) for _ in range(6)]
    _, done = steps(engine_of("doa", slices=2), occurrences_of(windows, slices=2))
    assert demands(done, "doa")[:, 0].tolist() == [9, 9, 8, 8, 7, 7]


def test_only_k_windows_are_kept() -> None:
    windows = [window_of([[float(10 - i)]]) for i in range(8)]
    engine = Engine({CPU: {"top": Percentile(100.0)}}, kept=3)
    state, done = steps(engine, occurrences_of(windows))
    assert demands(done, "top")[:, 0].tolist() == [10, 10, 10, 9, 8, 7, 6, 5]
    assert len(state.windows[0, CPU]) == 3


def test_resources_are_judged_apart() -> None:
    cpu, mem = [window_of([[1.0]])], [window_of([[512.0]])]
    engine = Engine({CPU: {"it": Persistence()}, MEM: {"it": Persistence()}})
    _, (step,) = steps(engine, occurrences_of(cpu, mem))
    assert step.estimates[CPU]["it"].demand.tolist() == [1.0]
    assert step.estimates[MEM]["it"].demand.tolist() == [512.0]


def test_a_resource_without_strategies_is_not_judged() -> None:
    _, (step,) = steps(Engine({CPU: {"it": Persistence()}}), occurrences_of([window_of([[1.0]])]))
    assert list(step.estimates) == [CPU]


def test_the_same_strategy_with_two_parameters_keeps_two_memos() -> None:
    engine = Engine({CPU: {"a": strategy_of("doa"), "b": strategy_of("greedy")}})
    state, _ = steps(engine, occurrences_of([window_of([[1.0]])]))
    assert set(state.memos) == {(0, CPU, "a"), (0, CPU, "b")}
    assert set(state.memos[0, CPU, "a"]) == {"d"}
    assert "r" in state.memos[0, CPU, "b"]


@pytest.mark.parametrize(
    ("present", "coverage", "enough"),
    [(0, 0.0, False), (1, 0.0, True), (1, 0.1, True), (1, 0.2, False), (5, 0.5, True),
     (4, 0.5, False), (10, 1.0, True), (9, 1.0, False)],
)  # fmt: skip
def test_a_node_needs_its_share_of_samples_for_an_estimate(
    *, present: int, coverage: float, enough: bool
) -> None:
    window = window_of([[1.0] * present + [NAN] * (10 - present)], allocated=7.0)
    engine = Engine({CPU: {"it": Persistence()}}, coverage=coverage)
    _, (step,) = steps(engine, occurrences_of([window]))
    assert step.measured[CPU].tolist() == [enough]
    assert step.estimates[CPU]["it"].demand.tolist() == [1.0 if enough else 7.0]


def test_a_window_without_samples_at_all_counts_at_the_allocation() -> None:
    window = window_of([[], []], allocated=[7.0, 3.0])
    _, (step,) = steps(
        engine_of("percentile", "n-sigma", "greedy", "borg"), occurrences_of([window])
    )
    for answer in step.estimates[CPU].values():
        assert answer.demand.tolist() == [7.0, 3.0]


def test_what_overflows_counts_at_the_allocation() -> None:
    window = window_of([[1e200, 3e200]], allocated=7.0)
    engine = Engine({CPU: {"it": NSigma(1e200)}})
    with np.errstate(over="ignore"):
        _, (step,) = steps(engine, occurrences_of([window]))
    assert step.estimates[CPU]["it"].demand.tolist() == [7.0]


@dataclass(frozen=True)
class Watching(Strategy):
    """Notes what it is shown in its memo."""

    looks_ahead = True
    want: int = 3

    @property
    def lookback(self) -> int:
        return self.want

    def estimate(self, history: History) -> Estimate:
        ahead = sum(window.usage[0, 0] * 10**i for i, window in enumerate(history.future))
        known = {"ahead": ahead, "slices": history.slices, "earlier": len(history.earlier)}
        if history.trail is not None:
            known["trail"] = float(np.nansum(history.trail.usage))
            known["width"] = history.trail.usage.shape[1]
        memo = {name: np.array([float(value)]) for name, value in known.items()}
        return Estimate(np.zeros(1), memo)


def test_trails_run_over_windows_and_slices_and_are_as_long_as_the_longest_wish() -> None:
    windows = [
        window_of([[1.0, 1.0]], vms=vms_of({0: (0, 99.0, [i, 10.0 * i])})) for i in range(1, 5)
    ]
    engine = Engine({CPU: {"three": Watching(3), "one": Watching(1)}}, slices=2)
    _, done = steps(engine, occurrences_of(windows, slices=2))
    memos = [step.estimates[CPU]["three"].memo for step in done]
    assert [memo["trail"][0] for memo in memos] == [11, 32, 53, 74]
    assert [memo["width"][0] for memo in memos] == [2, 3, 3, 3]
    assert [memo["earlier"][0] for memo in memos] == [0, 0, 1, 1]


def test_no_trail_is_kept_for_strategies_that_want_none() -> None:
    state, (step,) = steps(Engine({CPU: {"it": Watching(0)}}), occurrences_of([window_of([[1.0]])]))
    assert not state.trails
    assert "trail" not in step.estimates[CPU]["it"].memo


def test_the_future_is_what_comes_nearest_first() -> None:
    windows = [window_of([[float(i)]]) for i in range(1, 5)]
    _, done = steps(Engine({CPU: {"it": Watching()}}, slices=2), occurrences_of(windows, slices=2))
    assert [step.estimates[CPU]["it"].memo["ahead"][0] for step in done] == [432, 43, 4, 0]
    assert [step.estimates[CPU]["it"].memo["slices"][0] for step in done] == [2, 2, 2, 2]


def test_the_oracle_knows_the_next_window_of_its_slice() -> None:
    windows = [window_of([[float(i)]], allocated=9.0) for i in range(5)]
    _, done = steps(Engine({CPU: {"it": Oracle()}}, slices=2), occurrences_of(windows, slices=2))
    assert demands(done, "it")[:, 0].tolist() == [2, 3, 4, 9, 9]


def test_the_engine_reads_as_far_ahead_as_the_strategy_that_looks_farthest() -> None:
    (occurrence,) = occurrences_of([window_of([[1.0] * 12])])
    near = {"a": Borg(), "b": Oracle()}
    assert Engine({CPU: {"a": Borg()}, MEM: {"a": Borg()}}).foresight(occurrence) == 0
    assert Engine({CPU: {"a": Borg()}, MEM: near}, slices=3).foresight(occurrence) == 3
    assert Engine({CPU: {"a": GoogleOracle(horizon=25)}, MEM: near}).foresight(occurrence) == 2
    assert Engine({CPU: {"a": GoogleOracle(horizon=0)}, MEM: near}).foresight(occurrence) is None
    assert Engine({CPU: {"a": Watching()}}).foresight(occurrence) is None


def test_a_node_that_is_silent_for_a_window_goes_on_from_its_memo() -> None:
    levels = [1.0, 1.0, NAN, 1.0]
    windows = [window_of([[level]], capacity=20.0, allocated=10.0) for level in levels]
    _, done = steps(engine_of("doa"), occurrences_of(windows))
    assert demands(done, "doa")[:, 0].tolist() == [9, 8, 10, 7]


def test_a_step_leaves_the_state_it_began_from_alone() -> None:
    engine = engine_of("greedy", "google-per-vm")
    state = State()
    engine.step(state, occurrences_of([window_of([[1.0]])])[0])
    assert not state.windows
    assert not state.memos
    assert not state.trails


GREEDY = [
    # usage, r and demand worked by hand: K = 2, every window two samples
    ([2.0, 4.0], 3.5, 3 + 3.5 * 1.0),  # no earlier window: neither quiescent nor rising
    ([4.0, 6.0], 3.7, 4 + 3.7 * 2.0**0.5),  # mean 4 > ceil(3/0.1)*0.1 = 3: rising
    ([4.0, 6.0], 3.6, 5 + 3.6 * 1.0),  # kept mean 4, deviation sqrt 2; new mean 5: quiescent
    ([1.0, 1.0], 3.6, 3 + 3.6 * 4.5**0.5),  # 1 is out of 5 -+ 1, and 3 is not above 5
]


def test_greedy_by_hand() -> None:
    windows = [window_of([usage]) for usage, _, _ in GREEDY]
    _, done = steps(engine_of("greedy", kept=2), occurrences_of(windows))
    for step, (_, ratio, demand) in zip(done, GREEDY, strict=True):
        answer = step.estimates[CPU]["greedy"]
        assert answer.memo["r"][0] == pytest.approx(ratio, rel=1e-12)
        assert answer.demand[0] == pytest.approx(demand, rel=1e-12)
