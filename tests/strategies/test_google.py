"""Google's predictors give the values of their authors' published classes."""

from collections.abc import Sequence

import numpy as np
import pytest

from helpers import NAN, demands, occurrences_of, steps, vms_of, window_of
from scroogevm.core.history import History
from scroogevm.core.vm_history import Trail
from scroogevm.core.window import VMs, Window
from scroogevm.engine import Engine
from scroogevm.ports import CPU, STRATEGIES
from scroogevm.registry import parameters

VMS: dict[int, tuple[float, Sequence[float]]] = {
    0: (4.0, [1, 2, 1, 3, 2, 1]),
    1: (1.0, [0.5, 0.5, 0.7, 0.9, 0.4, 0.6]),
    2: (4.0, [NAN, NAN, NAN, NAN, 3.5, 4.5]),  # comes at t4
}

TABLE = {
    "google-n-sigma:n=2": [5, 5, 2.958301, 4.578685, 8.468005, 8.522891],
    "google-n-sigma:n=5": [5, 5, 4.545751, 5, 9, 9],
    "google-per-vm:p=99": [5, 5, 2.676, 3.864, 7.864, 7.864],
    "google-per-machine:p=90": [5, 5, 2.34, 3.48, 7.48, 7.45],
    "google-avg": [5, 5, 1.9, 2.4, 6.4, 6.266667],
    "google-max": [5, 5, 2.7, 3.9, 7.9, 7.9],
    "google-oracle:p=100,horizon=0": [3.9, 3.9, 3.9, 3.9, 5.9, 5.6],
}


def table_windows() -> list[Window]:
    """One window a snapshot."""
    windows = []
    for t in range(6):
        alive = {i: (0, limit, [use[t]]) for i, (limit, use) in VMS.items() if use[t] == use[t]}
        used = sum(use for _, _, (use,) in alive.values())
        windows.append(window_of([[used]], capacity=16.0, vms=vms_of(alive)))
    return windows


def answers(spec: str, windows: Sequence[Window]) -> list[float]:
    engine = Engine({CPU: {"it": STRATEGIES.build(spec, CPU)}})
    return [float(row[0]) for row in demands(steps(engine, occurrences_of(windows))[1], "it")]


def warmed(spec: str, samples: int) -> str:
    """The spec with min_num_samples 3 and a number of samples, where it takes them."""
    if "oracle" in spec:
        return spec
    known = {item.name for item in parameters(STRATEGIES.load(spec.partition(":")[0]))}
    last = f",samples={samples}" if "samples" in known else ""
    return f"{spec}{',' if ':' in spec else ':'}warm=3{last}"


@pytest.mark.parametrize("spec", TABLE)
def test_published_values_are_reproduced(spec: str) -> None:
    assert answers(warmed(spec, 4), table_windows()) == pytest.approx(TABLE[spec], abs=1e-6)


def test_their_defaults_are_those_of_the_published_artifact() -> None:
    built = STRATEGIES.build("google-n-sigma", CPU)
    assert (built.warm, built.samples, built.n) == (24, 120, 5.0)
    assert STRATEGIES.build("google-per-vm", CPU).p == 99.0
    assert STRATEGIES.build("google-oracle", CPU).horizon * 300 == 24 * 3600


@pytest.mark.parametrize("spec", [s for s in TABLE if "oracle" not in s])
def test_how_samples_fall_into_windows_does_not_matter(spec: str) -> None:
    rng = np.random.default_rng(0)
    samples = rng.uniform(0, 4, (2, 12)).round(3)
    limits = (3.0, 4.0)

    def cut(length: int) -> list[Window]:
        return [
            window_of(
                [samples[:, t : t + length].sum(axis=0).tolist()],
                vms=vms_of(
                    {i: (0, limits[i], samples[i, t : t + length].tolist()) for i in (0, 1)}
                ),
            )
            for t in range(0, 12, length)
        ]

    fine, coarse = (answers(warmed(spec, 7), cut(length)) for length in (1, 4))
    assert fine[3::4] == pytest.approx(coarse, rel=1e-12)


def test_a_vm_that_left_is_forgotten_and_begins_cold_when_it_returns() -> None:
    here = window_of([[1.0]], vms=vms_of({0: (0, 4.0, [1.0])}))
    away = window_of([[0.0]], capacity=8.0, allocated=0.0)
    windows = [here, here, away, here, here]
    assert answers("google-max:warm=2", windows) == [4.0, 1.0, 0.0, 4.0, 1.0]


def test_a_missing_sample_does_not_warm_a_vm() -> None:
    windows = [window_of([[1.0]], vms=vms_of({0: (0, 4.0, [x])})) for x in (1.0, NAN, 2.0)]
    assert answers("google-max:warm=2", windows) == [4.0, 4.0, 2.0]


def test_usage_above_the_limit_counts_at_the_limit() -> None:
    windows = [window_of([[9.0, 9.0]], vms=vms_of({0: (0, 4.0, [9.0, 2.0])}))]
    assert answers("google-avg:warm=1", windows) == [3.0]
    assert answers("google-max:warm=1", windows) == [4.0]


def test_samples_count_against_the_limit_of_their_time() -> None:
    small = window_of([[9.0]], vms=vms_of({0: (0, 2.0, [1.0]), 1: (0, 2.0, [9.0])}))
    large = window_of([[9.0]], vms=vms_of({0: (0, 8.0, [1.0]), 1: (0, 2.0, [1.0])}))
    windows = [small, small, large, large]
    # VM 0 used 1/2, 1/2, 1/8, 1/8 of its limit; VM 1 used 2/2 (capped), 2/2, 1/2, 1/2.
    assert answers("google-per-vm:p=100,warm=1", windows)[-1] == 0.5 * 8 + 1.0 * 2
    # Together 3/4, 3/4, 2/10, 2/10 of the limits, which are 10 now.
    assert answers("google-per-machine:p=100,warm=1", windows)[-1] == pytest.approx(7.5)
    assert answers("google-per-machine:p=100,warm=1,samples=2", windows)[-1] == pytest.approx(2.0)
    assert answers("google-avg:warm=1", windows)[-1] == 1.0 + 1.5


def test_a_vm_that_comes_after_another_was_resized_has_no_past() -> None:
    small = window_of([[1.0]], vms=vms_of({0: (0, 2.0, [1.0])}))
    large = window_of([[1.0]], vms=vms_of({0: (0, 8.0, [1.0])}))
    both = window_of([[2.0]], vms=vms_of({0: (0, 8.0, [1.0]), 1: (0, 4.0, [4.0])}))
    # Ages 2, 1, 0: 1/2, 1/8, 5/12 of the limits, which are 12 now.
    assert answers("google-per-machine:p=100,warm=1", [small, large, both])[-1] == 6.0
    assert answers("google-per-vm:p=100,warm=1", [small, large, both])[-1] == 0.5 * 8 + 4


def test_the_oracle_sees_neither_vms_to_come_nor_beyond_its_horizon() -> None:
    now = window_of([[1.0]], vms=vms_of({0: (0, 4.0, [1.0])}))
    later = window_of(
        [[1.0] * 3], vms=vms_of({0: (0, 4.0, [2.0, 3.0, 1.0]), 1: (0, 4.0, [4.0] * 3)})
    )
    assert answers("google-oracle:horizon=1", [now, later])[0] == 1.0
    assert answers("google-oracle:horizon=2", [now, later])[0] == 2.0
    assert answers("google-oracle:horizon=9", [now, later])[0] == 3.0


def test_the_oracle_takes_a_reading_that_is_missing_for_no_reading() -> None:
    now = window_of([[1.0]], vms=vms_of({0: (0, 4.0, [NAN]), 1: (0, 4.0, [NAN])}))
    later = window_of([[1.0]], vms=vms_of({0: (0, 4.0, [2.0]), 1: (0, 4.0, [NAN])}))
    assert answers("google-oracle:p=0", [now, later])[0] == 2.0


def test_one_vm_that_fell_silent_counts_at_its_limit_and_spoils_no_other() -> None:
    loud, silent = [1.0] * 6, [2.0] * 2 + [NAN] * 4
    vms = VMs(np.array([0, 1]), np.array([0, 0]), np.array([4.0, 8.0]), np.array([loud, silent]))
    window = Window(np.array([loud]), np.array([16.0]), np.array([12.0]), vms)
    history = History((), window, kept=4, trail=Trail.of(vms, 3))
    for name in ("google-per-vm", "google-max", "google-avg"):
        params = "warm=2,samples=3" if name == "google-per-vm" else "warm=2"
        demand = STRATEGIES.build(f"{name}:{params}").estimate(history).demand
        assert demand[0] == (9.0 if name == "google-per-vm" else 3.0)
