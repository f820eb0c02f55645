"""Answers that are repeated are missing: they say neither usage nor which VMs there are."""

import numpy as np
import pytest

from scroogevm.core.samples import Sample
from scroogevm.telemetry.columns import TermSeries, quantities
from scroogevm.telemetry.dialect import Place
from scroogevm.telemetry.meter import Meter
from scroogevm.telemetry.stillness import FROZEN
from telemetry.test_meter import reading, sampled

STEP = 5.0


def fed(counters: list[tuple[float, ...]]) -> tuple[Meter, list[Sample]]:
    """Samples of VMs whose cpu times are given for each reading."""
    meter, found = Meter("n"), []
    for number, cpu in enumerate(counters):
        vms = {"abc"[at]: value for at, value in enumerate(cpu)}
        time = 1000.0 + STEP * number
        found.append(sampled(meter, reading(time, cores=8.0, cpu_time=time, vms=vms)))
    return meter, found


def usage(samples: list[Sample], vm: int = 0) -> list[float]:
    return [float(s.vm_values["cpu_usage"][vm]) if s.vms else -1.0 for s in samples]


def test_a_cache_makes_no_usage_of_zero_and_none_that_is_too_high() -> None:
    # The exporter asks libvirt in every third scrape only. When it did so before the first one is
    # not known.
    meter, samples = fed([(7.5 * (n // 3),) for n in range(20)])
    np.testing.assert_array_equal(usage(samples)[:6], [np.nan] * 6)
    np.testing.assert_array_equal(usage(samples)[6:12], [0.5, np.nan, np.nan] * 2)
    assert all(sample.vms == ["a"] for sample in samples)
    assert meter.troubles == {}


def test_numbers_that_stand_still_since_the_first_reading_may_be_of_any_age() -> None:
    # A cache of a minute: what grew in it is no usage of the ten seconds that were seen of it.
    _, samples = fed([(60.0,), (60.0,), (90.0,), *[(90.0,)] * 11, (120.0,)])
    assert [value for value in usage(samples) if value >= 0] == [0.5]
    assert usage(samples)[-1] == 0.5


@pytest.mark.parametrize(
    ("step", "readings"), [(1.0, 5), (5.0, 3), (15.0, 3), (60.0, 3), (90.0, 2)]
)
def test_how_long_numbers_may_stand_still_depends_on_how_often_they_are_renewed(
    step: float, readings: int
) -> None:
    meter, listed = Meter("n"), []
    for number in range(10):
        cpu = float(min(number, 3))
        one = reading(1000.0 + step * number, cores=8.0, vms={"a": cpu, "b": 2 * cpu})
        listed.append(sampled(meter, one).values["vms"])
    assert np.isnan(listed).tolist() == [number >= 3 + readings for number in range(10)]
    assert meter.troubles == {"VMs": 1000.0 + 3 * step}


def test_what_nobody_saw_renewed_is_missing_after_half_a_minute_and_lists_nothing() -> None:
    still = int(FROZEN / STEP)
    meter, samples = fed([(0.0, 0.0), (2.5, 5.0), *[(2.5, 5.0)] * still, (35.0, 70.0)])
    listed = [sample.values["vms"] for sample in samples]
    np.testing.assert_array_equal(listed, [2.0] * (still + 1) + [np.nan, 2.0])
    assert usage(samples)[:2] == pytest.approx([np.nan, 0.5], nan_ok=True)
    assert not {0.0} & set(usage(samples))
    assert not samples[-2].vms
    assert usage(samples)[-1] == pytest.approx(32.5 / (FROZEN + STEP))
    assert meter.troubles == {}


def test_the_trouble_names_its_begin() -> None:
    meter, _ = fed([(0.0,), (1.0,), *[(1.0,)] * 9])
    assert meter.troubles == {"VMs": 1000.0 + STEP}


@pytest.mark.parametrize("state", [3.0, 5.0, 6.0, 7.0])
def test_a_vm_that_does_not_run_may_stand_still(state: float) -> None:
    meter = Meter("n")
    for number in range(20):
        one = reading(
            1000.0 + STEP * number,
            cores=8.0,
            cpu_time=float(number),
            vms={"a": 7.0, "b": 1.0 * number},
            vm_terms={"state": [state, 1.0]},
        )
        sample = sampled(meter, one)
    assert meter.troubles == {}
    paused = np.flatnonzero([vm == "a" for vm in sample.vms])
    assert (sample.vm_values["cpu_usage"][paused] == 0).all()


@pytest.mark.parametrize("state", [3.0, 5.0, 6.0, 7.0])
def test_a_node_on_which_no_vm_runs_is_no_trouble(state: float) -> None:
    meter = Meter("n")
    for number in range(20):
        terms = {"state": [state, state]}
        time = 1000.0 + STEP * number
        sample = sampled(
            meter,
            reading(time, cpu_time=time, vms={"a": 7.0, "b": 8.0}, vm_terms=terms),
        )
    assert meter.troubles == {}
    assert sample.values["vms"] == (0.0 if state == 5.0 else 2.0)


def test_one_idle_vm_among_others_is_idle() -> None:
    meter, samples = fed([(7.0, 2.5 * n) for n in range(20)])
    assert set(usage(samples)[1:]) == {0.0}
    assert meter.troubles == {}


def test_a_node_whose_own_counters_stand_still_keeps_its_size_only() -> None:
    meter = Meter("n")
    samples = [
        sampled(
            meter,
            reading(STEP * n, cores=8.0, mem_total=64.0, mem_available=16.0, cpu_time=min(n, 2.0)),
        )
        for n in range(12)
    ]
    values = [sample.values for sample in samples]
    assert [value["cpu"] for value in values] == [8.0] * 12
    assert values[1]["cpu_usage"] == 1 / STEP
    assert np.isnan([value["cpu_usage"] for value in values[3:]]).all()
    np.testing.assert_array_equal([v["mem_usage"] for v in values], [48.0] * 5 + [np.nan] * 7)
    assert meter.troubles == {"node": 2 * STEP}


def test_a_clock_that_stands_still_is_told_too() -> None:
    meter = Meter("n")
    for number in range(9):
        meter.sample([reading(STEP * number, clock=5.0, cores=8.0, cpu_time=3.0)])
    assert meter.troubles == {"node": 0.0}


def test_an_old_textfile_says_nothing_of_vms() -> None:
    meter = Meter("n")
    for number in range(3):
        time = 1000.0 + 100 * number
        node = reading(time, cores=8.0, cpu_time=time, textfiles=1.0, textfile_time=1000.0)
        sample = sampled(meter, node, reading(time, rank=2, vms={"a": time}))
    assert not sample.vms
    assert np.isnan(sample.values["vms"])
    assert meter.troubles == {"VMs": 1000.0}


def test_series_of_a_server_are_judged_likewise() -> None:
    time = STEP * np.arange(12.0)
    moving = np.minimum(time, 2 * STEP)
    series = [
        TermSeries("n", Place(None, "vms_up"), time, np.ones(12)),
        TermSeries("n", Place(None, "cores"), time, np.full(12, 8.0)),
        TermSeries("n", Place("a", "cpu_time"), time, moving),
        TermSeries("n", Place("b", "cpu_time"), time, 2 * moving),
    ]
    nodes, vms = quantities(series)
    np.testing.assert_array_equal(nodes.values["vms"], [2.0] * 5 + [np.nan] * 7)
    of_a = vms.owner == 0
    assert vms.time[of_a].tolist() == time[:5].tolist()
    wanted = [np.nan, 1.0, 1.0] + [np.nan] * 2
    np.testing.assert_array_equal(vms.values["cpu_usage"][of_a], wanted)
