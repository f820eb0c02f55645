"""Readings become samples."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import NAN
from scroogevm.core.samples import NODE, VM, Sample
from scroogevm.telemetry.meter import Meter
from scroogevm.telemetry.reading import Reading


def reading(
    time: float,
    *,
    clock: float | None = None,
    vms: Mapping[str, float] | None = None,
    rank: int = 1,
    dialect: str = "",
    vm_terms: Mapping[str, Sequence[float]] | None = None,
    **values: float,
) -> Reading:
    """A reading; ``vms`` gives each VM its cpu time."""
    if clock is not None:
        values["clock"] = clock
    vms = vms or {}
    columns = {"cpu_time": np.array([*vms.values()], np.float64)} if vms else {}
    columns |= {term: np.array(column) for term, column in (vm_terms or {}).items()}
    return Reading("n", time, values, [*vms], columns, dialect or f"d{rank}", rank)


def sampled(meter: Meter, *readings: Reading) -> Sample:
    sample = meter.sample(readings)
    assert sample is not None
    return sample


def usages(*readings: Reading, of: str = "") -> list[float]:
    """Usage of the node, or of a VM, at each reading."""
    meter = Meter("n")
    found = []
    for one in readings:
        sample = meter.sample([one])
        if sample is None:
            found.append(NAN)
        elif not of:
            found.append(sample.values["cpu_usage"])
        elif of in sample.vms:
            found.append(float(sample.vm_values["cpu_usage"][list(sample.vms).index(of)]))
        else:
            found.append(-1.0)
    return found


def test_a_sample_has_every_quantity() -> None:
    sample = sampled(Meter("n"), reading(1.0, cores=4.0, vms={"a": 1.0}))
    assert list(sample.values) == list(NODE)
    assert list(sample.vm_values) == list(VM)
    assert (sample.node, sample.time, sample.vms) == ("n", 1.0, ["a"])


@pytest.mark.parametrize(
    ("clocks", "wanted"),
    [
        ([100, 105, 110], [NAN, 1, 1]),
        ([100, 100, 105], [NAN, NAN, 2]),  # the second says what the first did
        ([100, 3705, 3710], [NAN, NAN, 1]),  # set an hour ahead
        ([100, -3495, -3490], [NAN, NAN, 1]),  # set an hour back
        ([100, 100.2, 105.2], [NAN, NAN, 1]),  # set back by nearly what has passed
        ([100, 90, 95], [NAN, NAN, 1]),
        ([100, None, 110], [NAN, NAN, NAN]),
        ([None, None, None], [NAN, 1, 1]),
    ],
)
def test_rates_are_by_the_clock_of_the_node_when_that_can_be_believed(
    clocks: Sequence[float | None], wanted: Sequence[float]
) -> None:
    made = [reading(5.0 * n, clock=clock, cpu_time=10 + 5.0 * n) for n, clock in enumerate(clocks)]
    if clocks == [100, 100, 105]:
        made[2] = reading(10.0, clock=105, cpu_time=20)
    np.testing.assert_allclose(usages(*made), wanted)


def test_a_reset_a_return_and_a_new_vm_give_no_rate() -> None:
    made = [
        reading(0, vms={"a": 5.0, "b": 5.0}),
        reading(5, vms={"a": 0.5}),
        reading(10, vms={"b": 10.0, "a": 1.0}),
        reading(15, vms={"b": 15.0, "a": 1.5}),
    ]
    np.testing.assert_allclose(usages(*made, of="a"), [NAN, NAN, 0.1, 0.1])
    np.testing.assert_allclose(usages(*made, of="b"), [NAN, -1, NAN, 1])


def test_numbers_that_are_not_renewed_say_nothing() -> None:
    meter = Meter("n")
    assert meter.sample([reading(0, clock=1, cores=4)])
    assert meter.sample([reading(5, clock=1, cores=4)]) is None
    other = reading(5, clock=1, cores=8, rank=2)
    assert sampled(meter, reading(5, clock=1, cores=4), other).values["cpu"] == 8
    assert meter.oddities == {"repeats": 2}


def test_an_exporter_that_renews_its_numbers_rarely_is_waited_for() -> None:
    meter = Meter("n", longest=60)
    for number in range(3):
        one = reading(300.0 * number, clock=300.0 * number, interval=300.0, cpu_time=30.0 * number)
        usage = sampled(meter, one).values["cpu_usage"]
    assert usage == pytest.approx(0.1)


def test_a_gap_gives_no_rate() -> None:
    assert np.isnan(usages(reading(0, cpu_time=1), reading(181, cpu_time=2))).all()


@pytest.mark.parametrize(
    ("term", "quantity", "limit"),
    [("cpu_time", "cpu_usage", 8), ("cpu_pressure_time", "cpu_pressure", 2)],
)
def test_absurd_values_are_missing_and_counted(term: str, quantity: str, limit: float) -> None:
    for spent, fits in ((limit * 4.9, True), (limit * 5.1, False)):
        meter = Meter("n")
        meter.sample([replace(reading(0), values={"cores": 4.0, term: 0.0})])
        sample = sampled(meter, replace(reading(5), values={"cores": 4.0, term: spent}))
        assert np.isfinite(sample.values[quantity]) == fits
        assert meter.oddities["absurd"] == (not fits)


def test_readings_that_come_late_do_not_lower_the_mean_of_a_busy_node() -> None:
    late = np.random.default_rng(0).exponential(0.1, 500)
    made = [
        reading(float(n), cores=4.0, cpu_time=4.0 * (n + float(by))) for n, by in enumerate(late)
    ]
    assert np.nanmean(usages(*made)) == pytest.approx(4.0, rel=0.01)


def test_a_vm_uses_no_more_than_its_threads_and_its_node_allow() -> None:
    for spent, cores, fits in ((29, 64, True), (31, 64, False), (29, 2, False)):
        meter = Meter("n")
        columns = {"vcpus": [2.0]}
        meter.sample([reading(0, cores=cores, vms={"a": 0.0}, vm_terms=columns)])
        last = reading(5, cores=cores, vms={"a": float(spent)}, vm_terms=columns)
        assert np.isfinite(sampled(meter, last).vm_values["cpu_usage"][0]) == fits


@pytest.mark.parametrize(
    ("terms", "quantity", "wanted"),
    [
        ({"guest_total": 100, "guest_usable": 60, "guest_unused": 10}, "mem_usage", 40),
        ({"guest_total": 100, "guest_unused": 10}, "mem_usage", 90),
        ({"guest_total": 100, "guest_usable": 0, "guest_unused": 10}, "mem_usage", 90),
        ({"guest_total": 100, "guest_usable": 110}, "mem_usage", 0),
        ({"guest_total": 0, "guest_usable": 0, "guest_unused": 0}, "mem_usage", NAN),
        ({"guest_usable": 60}, "mem_usage", NAN),
        ({"guest_time": 995}, "mem_age", 5),
        ({"guest_time": 1003}, "mem_age", 0),
        ({"guest_time": 0}, "mem_age", NAN),
        ({"rss": -1}, "mem_rss", NAN),
        ({"rss": float("inf")}, "mem_rss", NAN),
    ],
)
def test_what_the_guest_says_of_its_memory(
    terms: Mapping[str, float], quantity: str, wanted: float
) -> None:
    columns = {term: [float(value)] for term, value in terms.items()}
    sample = sampled(Meter("n"), reading(7, clock=1000, vms={"a": 1.0}, vm_terms=columns))
    np.testing.assert_array_equal(sample.vm_values[quantity], [wanted])


def test_waiting_that_the_kernel_does_not_count_is_missing_and_not_zero() -> None:
    meter = Meter("n")
    for time in (0, 5):
        one = reading(time, wait_time=0, vms={"a": 1.0}, vm_terms={"delay_time": [0.0]})
        sample = sampled(meter, one)
    assert np.isnan(sample.values["cpu_wait"])
    assert np.isnan(sample.vm_values["cpu_delay"][0])


def test_vms_that_are_shut_off_are_not_there() -> None:
    columns = {"state": [1.0, 5.0, 3.0, 6.0, NAN]}
    one = reading(0, vms=dict.fromkeys("abcde", 1.0), vm_terms=columns)
    sample = sampled(Meter("n"), one)
    assert sample.vms == ["a", "c", "d", "e"], "one that crashed holds its memory until it is ended"
    assert sample.vm_values["cpu"].shape == (4,)


def test_of_two_dialects_each_quantity_is_from_the_better_one_that_knows_it() -> None:
    good, poor = reading(0, rank=1, cores=4), reading(0, rank=2, cores=8, mem_total=64)
    for readings in ((good, poor), (poor, good)):
        sample = sampled(Meter("n"), *readings)
        assert (sample.values["cpu"], sample.values["mem"]) == (4, 64)


def test_vms_are_all_from_one_dialect_and_keep_their_names_when_it_fails_once() -> None:
    meter = Meter("n")

    def round_(time: float, *ranks: int) -> Sequence[str]:
        made = [reading(time, rank=rank, vms={f"by-{rank}": time}) for rank in ranks]
        return [*sampled(meter, *made, reading(time, rank=9, cores=4)).vms]

    assert round_(0, 2, 3) == ["by-2"]
    assert round_(5, 3) == []
    assert round_(10, 2, 3) == ["by-2"]
    assert round_(15, 1, 2, 3) == ["by-1"]
    assert round_(20, 2, 3) == []
    assert round_(300, 2, 3) == ["by-2"]


def test_the_last_vm_may_leave() -> None:
    meter = Meter("n")
    assert sampled(meter, reading(0, cores=4, vms={"a": 1.0})).vms == ["a"]
    assert sampled(meter, reading(5, cores=4)).vms == []


def test_no_reading_is_no_sample() -> None:
    assert Meter("n").sample([]) is None


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(-4000, 4000),  # passed here
            st.floats(-4000, 4000),  # passed there
            st.dictionaries(st.sampled_from("abcd"), st.floats(0, 1e9), max_size=4),
        ),
        max_size=15,
    )
)
def test_whatever_is_read_usage_stays_between_nothing_and_the_node(
    rounds: list[tuple[float, float, dict[str, float]]],
) -> None:
    meter = Meter("n")
    here = there = 1e9
    for passed, elapsed, vms in rounds:
        here, there = here + passed, there + elapsed
        one = reading(here, clock=there, cores=4, cpu_time=sum(vms.values()), vms=vms)
        sample = meter.sample([one])
        if sample is None:
            continue
        usage = np.append(sample.vm_values.get("cpu_usage", []), sample.values["cpu_usage"])
        assert len(usage) == (1 if "VMs" in meter.troubles else len(vms) + 1)
        assert not ((usage < 0) | (usage > 8)).any()


@pytest.mark.parametrize(
    ("readings", "wanted"),
    [
        ([reading(1.0, vms={"a": 1.0, "b": 1.0})], 2.0),
        ([reading(1.0, cores=4.0)], NAN),  # node_exporter only: it knows no VMs
        ([reading(1.0, vms_up=1.0)], 0.0),
        ([reading(1.0, vms_up=0.0)], NAN),
        ([reading(1.0, vms_up=0.0, vms={"a": 1.0})], NAN),
        ([reading(1.0, vms={"a": 1.0}), reading(6.0, vms_up=0.0)], NAN),
        ([reading(1.0, vms={"a": 1.0}), reading(6.0, vms_up=1.0)], 0.0),
        ([reading(1.0, vms={"a": 1.0}), reading(6.0, cores=4.0)], NAN),
        ([reading(1.0, vms={"a": 1.0}), reading(999.0, vms_up=0.0)], NAN),
    ],
)
def test_only_who_can_tell_lists_vms(readings: Sequence[Reading], wanted: float) -> None:
    meter = Meter("n")
    samples = [sampled(meter, one) for one in readings]
    np.testing.assert_equal(samples[-1].values["vms"], wanted)
