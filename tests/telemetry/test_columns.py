"""A window of series becomes the rows that a meter makes of the same readings one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from helpers import NAN
from scroogevm.core.arrays import Floats
from scroogevm.core.samples import NODE, VM, Rows
from scroogevm.telemetry.columns import TermSeries, quantities
from scroogevm.telemetry.dialect import Place
from scroogevm.telemetry.meter import Meter
from scroogevm.telemetry.reading import Reading

VMS = ("a", "b", "c")
steps = st.fixed_dictionaries(
    {
        "passed": st.sampled_from([5.0, 5.0, 5.0, 60.0, 300.0]),
        "elapsed": st.sampled_from([5.0, 5.0, 5.0, 0.0, 0.0, 3605.0, -3595.0, 10.0, 60.0]),
        "worked": st.sampled_from([0.0, 0.0, 2.5]) | st.floats(0, 100) | st.just(-1.0),
        "there": st.booleans() | st.just(value=True),
        "up": st.sampled_from([1.0, 1.0, 0.0, NAN]),
        "written": st.sampled_from([0.0, 0.0, 0.0, 170.0, 190.0]),
    }
)
walks = st.lists(steps, min_size=1, max_size=16)


def readings(walk: Sequence[Mapping[str, Any]], *, clock: bool) -> list[Reading]:
    """What an exporter says as clocks are set, counters restart and the first VM comes and goes."""
    made = []
    time, here, work = 1000.0, 5000.0, 10.0
    for step in walk:
        time += step["passed"]
        here += step["elapsed"] if clock else step["passed"]
        work = 0.0 if step["worked"] < 0 else work + step["worked"] * bool(step["elapsed"])
        vms = VMS if step["there"] else VMS[1:]
        values = {"cores": 4.0, "cpu_time": work, "mem_total": 64.0, "mem_available": 16.0}
        columns = {
            "vcpus": np.full(len(vms), 2.0),
            "cpu_time": np.array([work / (2 + number) for number in range(len(vms))]),
            "guest_time": np.full(len(vms), here - 7.0),
        }
        values |= {"clock": here} if clock else {}
        values["vms_up"] = step.get("up", NAN)
        values |= {"textfiles": 1.0, "textfile_time": time - step.get("written", 0.0)}
        made.append(Reading("n", time, values, vms, columns, "d"))
    return made


def seconds(number: int) -> Floats:
    """The times of so many scrapes."""
    return np.array([5.0 * n for n in range(number)])


def as_series(made: Sequence[Reading]) -> list[TermSeries]:
    """The same as a server has it."""
    points: dict[Place, list[tuple[float, float]]] = {}
    for one in made:
        for term, value in one.values.items():
            points.setdefault(Place(None, term), []).append((one.time, value))
        for term, column in one.vm_values.items():
            for vm, value in zip(one.vms, column, strict=True):
                points.setdefault(Place(vm, term), []).append((one.time, float(value)))
    return [TermSeries("n", place, *np.array(both).T) for place, both in points.items()]


def by_owner(rows: Rows, name: str) -> dict[tuple[str, ...], dict[float, float]]:
    found: dict[tuple[str, ...], dict[float, float]] = {}
    for owner, time, value in zip(rows.owner, rows.time, rows.values[name], strict=True):
        found.setdefault(rows.owners[owner], {})[float(time)] = float(value)
    return found


@settings(deadline=None)
@given(walk=walks, clock=st.booleans())
def test_columns_agree_with_the_meter(walk: list[dict[str, Any]], *, clock: bool) -> None:
    walk = [{**step, "there": True} for step in walk]
    made = readings(walk, clock=clock)
    meter = Meter("n")
    taken = [sample for one in made if (sample := meter.sample([one]))]
    nodes, vms = quantities(as_series(made))
    for name in NODE:
        wanted = {sample.time: sample.values[name] for sample in taken}
        np.testing.assert_equal(by_owner(nodes, name), {("n",): wanted} if taken else {})
    for name in VM:
        listing = [sample for sample in taken if sample.vms]  # an old answer has no rows of VMs
        wanted_vms = {
            ("n", vm): {s.time: float(s.vm_values[name][number]) for s in listing}
            for number, vm in enumerate(VMS)
        }
        np.testing.assert_equal(by_owner(vms, name), wanted_vms if listing else {})


@settings(deadline=None)
@given(walk=walks, clock=st.booleans())
def test_usage_is_never_more_than_there_is_and_never_zero_for_want_of_news(
    walk: list[dict[str, Any]], *, clock: bool
) -> None:
    made = readings(walk, clock=clock)
    nodes, vms = quantities(as_series(made))
    assert not (nodes.values["cpu_usage"] > 8).any()
    assert not (nodes.values["cpu_usage"] < 0).any()
    assert not (vms.values["cpu_usage"] > 8).any()
    said = [one.values.get("clock", one.time) for one in made]
    usage = by_owner(nodes, "cpu_usage").get(("n",), {})
    for number, one in enumerate(made):
        if number == 0 or said[number] <= said[number - 1]:
            assert np.isnan(usage.get(one.time, NAN))


def test_several_series_of_one_place_are_summed_and_a_change_of_their_number_is_no_rate() -> None:
    time = seconds(6)
    one = TermSeries("n", Place(None, "cpu_time"), time, time * 1.0)
    late = TermSeries("n", Place(None, "cpu_time"), time[3:], 1000 + time[3:])
    cores = [
        TermSeries("n", Place(None, "cores", count=True), each.time, each.value * 7)
        for each in (one, late)
    ]
    (rows, _) = quantities([one, late, *cores])
    assert rows.values["cpu"].tolist() == [1, 1, 1, 2, 2, 2]
    np.testing.assert_array_equal(rows.values["cpu_usage"], [NAN, 1, 1, NAN, NAN, 2])


def test_only_what_is_wanted_is_made() -> None:
    series = TermSeries("n", Place("vm", "vcpus"), np.array([1.0]), np.array([2.0]))
    assert set(quantities([series], wanted=("cpu",)).vms.values) == {"cpu"}


def test_nothing_gives_no_rows() -> None:
    nodes, vms = quantities([])
    assert (len(nodes), len(vms), set(nodes.values), set(vms.values)) == (0, 0, set(NODE), set(VM))


def test_a_vm_that_is_shut_off_has_no_rows() -> None:
    time = np.array([1.0, 6.0])
    series = [
        TermSeries("n", Place(vm, term), time, np.array(values))
        for vm, state in (("on", [1.0, 3.0]), ("off", [5.0, 5.0]), ("ends", [1.0, 5.0]))
        for term, values in (("state", state), ("vcpus", [2.0, 2.0]))
    ]
    vms = quantities(series).vms
    assert vms.owners == [("n", "ends"), ("n", "on")]
    assert vms.time.tolist() == [1, 1, 6]
