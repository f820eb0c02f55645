"""One stepper, two drivers: order, snapshots and company change no number."""

import io
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fleets import CAUSAL, Pooling, alone, fleet, renumbered, said, strategies
from helpers import engine_of, occurrences_of, random_windows, window_of
from scroogevm.core.snapshot import Snapshot, restored, restored_pools
from scroogevm.core.window import Occurrence
from scroogevm.engine import Engine
from scroogevm.ports import CPU
from scroogevm.runner import Lockstep, Runner, foreseen, lockstep, replay
from scroogevm.strategies.doa import Doa
from scroogevm.strategies.oracle import Oracle
from scroogevm.strategies.rc_like import RcLike

NAMES = [f"node-{number}" for number in range(5)]
WRONG = r"snapshot|Expecting|codec"
SEEDS = st.integers(0, 10_000)


def engine(*names: str, slices: int = 1, kept: int = 3, pooling: bool = False) -> Engine:
    return Engine(strategies(*(names or CAUSAL), pooling=pooling), kept, slices)


def through_a_file(snapshot: Snapshot) -> Snapshot:
    """As it is after it lay on a disk that knows arrays and nothing else."""
    file = io.BytesIO()
    np.savez(file, allow_pickle=False, **dict(snapshot))
    file.seek(0)
    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in arrays.files}


@settings(max_examples=25, deadline=None)
@given(seed=SEEDS, slices=st.sampled_from([1, 2]))
def test_nodes_that_join_leave_return_and_change_order_get_what_they_get_alone(
    seed: int, slices: int
) -> None:
    occurrences = fleet(seed, slices=slices)
    together = said(replay(Runner(engine(slices=slices)), occurrences))
    apart: dict[tuple[str, str, str, int], float] = {}
    for node in NAMES:
        apart |= said(replay(Runner(engine(slices=slices)), alone(occurrences, node)))
    assert together.keys() <= apart.keys()
    np.testing.assert_allclose(
        list(together.values()), [apart[key] for key in together], rtol=1e-11, atol=1e-11
    )


def test_a_node_that_takes_the_row_of_another_inherits_nothing() -> None:
    windows = [window_of([[8.0]], allocated=9.0) for _ in range(4)]
    occurrences = occurrences_of([*windows, window_of([[1.0]], allocated=9.0)])
    renamed = [*occurrences[:-1], replace(occurrences[-1], nodes=["new"])]
    names = ("doa", "greedy", "percentile", "n-sigma")
    seen = said(replay(Runner(engine(*names)), renamed))
    fresh = said(replay(Runner(engine(*names)), [replace(renamed[-1], number=4)]))
    assert all(seen[key] == value for key, value in fresh.items())


@pytest.mark.parametrize(("away", "warm"), [(1, True), (3, True), (4, False), (9, False)])
def test_a_node_that_returns_after_more_than_the_kept_windows_starts_cold(
    *, away: int, warm: bool
) -> None:
    here = occurrences_of([window_of([[1.0], [2.0]], capacity=20.0, allocated=10.0)] * (away + 3))
    gone = [
        replace(
            one,
            nodes=["node-1"],
            windows={r: w.moved(np.array([1])) for r, w in one.windows.items()},
        )
        for one in here[2:-1]
    ]
    steps = list(replay(Runner(Engine({CPU: {"doa": Doa()}}, 3)), [*here[:2], *gone, here[-1]]))
    memo = steps[-1].estimates[CPU]["doa"].memo["d"]
    assert memo[1] == 10 - len(steps)
    assert memo[0] == (7.0 if warm else 9.0)


@pytest.mark.parametrize(("silent", "warm"), [(1, True), (3, True), (4, False), (9, False)])
def test_so_does_a_node_that_is_silent(*, silent: int, warm: bool) -> None:
    speaking = window_of([[1.0]], capacity=20.0, allocated=10.0)
    quiet = window_of([[np.nan]], capacity=20.0, allocated=10.0)
    windows = [speaking, speaking, *[quiet] * silent, speaking]
    steps = list(replay(Runner(engine("doa")), occurrences_of(windows)))
    assert steps[-1].estimates[CPU]["doa"].memo["d"].tolist() == [7.0 if warm else 9.0]


@pytest.mark.parametrize("slices", [1, 2])
def test_a_vm_that_was_away_for_a_window_is_new(slices: int) -> None:
    windows = random_windows(3, nodes=1, count=12, churn=0.0)
    away = replace(windows[8], vms=windows[8].vms.only(windows[8].vms.ids > 0))
    ran = Engine({CPU: {"it": RcLike()}}, kept=2, slices=slices)
    occurrences = occurrences_of([*windows[:8], away, *windows[9:]], slices=slices)
    back = list(replay(Runner(ran), occurrences))[9].estimates[CPU]["it"].demand
    whole = list(replay(Runner(ran), occurrences_of(windows, slices=slices)))[9]
    young = windows[9].vms.allocated[0] - np.percentile(
        np.concatenate([windows[at].vms.usage[0] for at in (9 - slices, 9)]), 99
    )
    np.testing.assert_allclose(back - whole.estimates[CPU]["it"].demand, [young], atol=1e-9)


@settings(max_examples=15, deadline=None)
@given(seed=SEEDS, slices=st.sampled_from([1, 2]), cut=st.integers(1, 13))
def test_a_snapshot_in_between_changes_nothing(seed: int, slices: int, cut: int) -> None:
    occurrences = fleet(seed, slices=slices)
    straight = said(replay(Runner(engine(slices=slices)), occurrences))
    first, second = Runner(engine(slices=slices)), Runner(engine(slices=slices))
    steps = list(replay(first, occurrences[:cut]))
    second.restore(through_a_file(first.snapshot()))
    later = [renumbered(one, seed) for one in occurrences[cut:]]
    steps += replay(second, later)
    assert said(steps) == straight


def test_names_that_no_text_array_would_keep_survive_a_snapshot() -> None:
    strange = ["a\0", "\udc80", "b/ids", ""]
    occurrences = [
        replace(one, nodes=[strange[0], strange[1]], vm_names=strange)
        for one in occurrences_of(random_windows(1, nodes=2, vms=2, churn=0))
    ]
    runner, other = Runner(engine_of("rc-like", "doa")), Runner(engine_of("rc-like", "doa"))
    list(replay(runner, occurrences[:5]))
    other.restore(through_a_file(runner.snapshot()))
    assert said([other.step(occurrences[5])]) == said([runner.step(occurrences[5])])


@pytest.mark.parametrize("spoilt", [{}, {"outline": np.array([1, 2], np.uint8)}])
def test_what_is_no_snapshot_is_refused(spoilt: Snapshot) -> None:
    with pytest.raises(ValueError, match=WRONG):
        restored(spoilt)
    with pytest.raises(ValueError, match=WRONG):
        restored_pools(spoilt)


def test_another_format_of_snapshots_is_refused() -> None:
    runner = Runner(engine("doa"))
    list(replay(runner, fleet(1)))
    arrays = dict(runner.snapshot())
    text = arrays["outline"].tobytes().replace(b'"format": 2', b'"format": 9')
    with pytest.raises(ValueError, match="format 9"):
        restored({**arrays, "outline": np.frombuffer(text, np.uint8)})


@settings(max_examples=10, deadline=None)
@given(seeds=st.lists(SEEDS, min_size=1, max_size=3))
def test_lockstep_says_what_replay_says(seeds: list[int]) -> None:
    chunks = [fleet(seed, count=8 + number) for number, seed in enumerate(seeds)]
    apart = [said(replay(Runner(engine()), chunk)) for chunk in chunks]
    together = Lockstep([Runner(engine()) for _ in chunks])
    steps = list(lockstep(together, chunks))
    for number, mine in enumerate(apart):
        assert said(one[number] for one in steps if one[number] is not None) == mine  # type: ignore[misc]  # checked


def test_what_looks_ahead_goes_in_lockstep_too() -> None:
    chunk = occurrences_of([window_of([[float(i)]], allocated=9.0) for i in range(5)], slices=2)
    ran = Engine({CPU: {"it": Oracle()}}, slices=2)
    steps = [step for (step,) in lockstep(Lockstep([Runner(ran)]), [chunk]) if step]
    assert [float(step.estimates[CPU]["it"].demand[0]) for step in steps] == [2, 3, 4, 9, 9]


def test_occurrences_are_walked_once_and_no_farther_than_needed() -> None:
    windows = occurrences_of([window_of([[float(i)]]) for i in range(5)])
    taken: list[int] = []

    def walk() -> Sequence[Occurrence]:
        return [taken.append(one.number) or one for one in windows]  # type: ignore[func-returns-value]

    def lazily() -> "chain[Occurrence]":
        return chain.from_iterable([taken.append(one.number) or one] for one in windows)  # type: ignore[func-returns-value]

    one, ahead = next(iter(foreseen(Engine({CPU: {"it": Oracle()}}, slices=2), lazily())))
    assert (one.number, [each.number for each in ahead], taken) == (0, [1, 2], [0, 1, 2])
    assert len(walk()) == 5


def pooled(chunks: Sequence[Sequence[Occurrence]]) -> dict[tuple[str, str, str, int], float]:
    ran = engine("doa", pooling=True)
    steps = lockstep(Lockstep([Runner(ran) for _ in chunks]), chunks)
    return said(step for each in steps for step in each if step)


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, order=st.permutations(NAMES))
def test_a_strategy_that_pools_says_the_same_however_nodes_are_split(
    seed: int, order: list[str]
) -> None:
    occurrences = fleet(seed, moving=False)
    whole = pooled([occurrences])
    assert pooled([alone(occurrences, node) for node in order]) == whole


@settings(max_examples=10, deadline=None)
@given(seed=SEEDS, cut=st.integers(1, 13))
def test_a_snapshot_of_pools_changes_nothing(seed: int, cut: int) -> None:
    chunks = [fleet(seed), fleet(seed + 1)]
    ran = engine("doa", pooling=True)
    straight = pooled(chunks)
    first, second = (Lockstep([Runner(ran), Runner(ran)]) for _ in range(2))
    steps = list(lockstep(first, [chunk[:cut] for chunk in chunks]))
    parts, pools = first.snapshot()
    second.restore([through_a_file(part) for part in parts], through_a_file(pools))
    steps += lockstep(second, [chunk[cut:] for chunk in chunks])
    assert said(step for each in steps for step in each if step) == straight


def test_a_strategy_that_pools_takes_a_lockstep() -> None:
    with pytest.raises(ValueError, match="pools"):
        Runner(Engine({CPU: {"it": Pooling()}})).step(fleet(1)[0])
