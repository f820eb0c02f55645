"""What dialects of one target say together: live, and in the series that a server scraped."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scroogevm.collect.exposition import Parser
from scroogevm.collect.lines import number, series
from scroogevm.core.samples import NODE, VM, Recorded, Sample
from scroogevm.stores._scraped.node import Scraped
from scroogevm.stores._scraped.series import RawSeries
from scroogevm.stores._server.rows import Pieces
from scroogevm.telemetry.dialect import every_dialect
from scroogevm.telemetry.meter import Meter
from scroogevm.telemetry.rates import LONGEST

DEBIAN, INOVEX = ',uuid="u"', ""
STEP = 5.0
FILE = "/var/lib/textfiles/libvirt.prom"


def body(
    time: float,
    cpu: float,
    *,
    uuid: str = DEBIAN,
    up: float | None = 1.0,
    vms: Sequence[str] = ("a", "b"),
    written: float | None = None,
) -> list[str]:
    """What node_exporter and a libvirt exporter answer together, by a clock that is an hour off.

    Args:
        time: of the scrape.
        cpu: time of each VM.
        uuid: label by which dialects are told apart.
        up: whether libvirt answers; None where that is not told.
        vms: that are named.
        written: how many seconds ago the file of VMs was; None where they come from no file.
    """
    lines = [
        f"node_time_seconds {time + 3600}",
        'node_cpu_seconds_total{cpu="0",mode="idle"} 1',
        f'node_cpu_seconds_total{{cpu="0",mode="user"}} {time / 2}',
        "node_memory_MemTotal_bytes 1073741824",
        "node_memory_MemAvailable_bytes 536870912",
    ]
    lines += [] if up is None else [f"libvirt_up {up}"]
    if written is not None:
        lines += [f'node_textfile_mtime_seconds{{file="{FILE}"}} {time + 3600 - written}']
    for vm in vms:
        labels = f'{{domain="{vm}"{uuid}}}'
        lines += [
            f"libvirt_domain_info_virtual_cpus{labels} 2",
            f"libvirt_domain_info_cpu_time_seconds_total{labels} {cpu}",
        ]
    return lines


def live(bodies: Mapping[float, Sequence[str]]) -> tuple[Meter, list[Sample]]:
    """Samples as a collector makes them."""
    parser, meter = Parser(every_dialect(), "n"), Meter("n")
    found = []
    for time, lines in bodies.items():
        sample = meter.sample(parser.read("\n".join(lines).encode(), time))
        assert sample is not None
        found.append(sample)
    return meter, found


def scraped(bodies: Mapping[float, Sequence[str]]) -> Recorded:
    """Rows of the same, as they are made of what a server scraped."""
    points: dict[bytes, list[tuple[float, float]]] = {}
    for time, lines in bodies.items():
        for line in lines:
            head, _, tail = line.encode().rpartition(b" ")
            value = number(b" " + tail)
            assert value is not None
            points.setdefault(head, []).append((time * 1000, value))
    node = Scraped("n", every_dialect(), (), LONGEST)
    for head, pairs in points.items():
        found = series(head + b" 1", 9)
        assert found is not None
        labels = {**found.labels, "instance": "n:9100", "job": "node"}
        node.add(RawSeries(found.name, labels, *np.array(pairs).T))
    nodes, vms = Pieces([*NODE]), Pieces([*VM])
    node.put(nodes, vms, (0.0, 1e9))
    return Recorded(nodes.rows(), vms.rows())


def listings(bodies: Mapping[float, Sequence[str]]) -> list[float]:
    """How many VMs each sample lists."""
    return [sample.values["vms"] for sample in live(bodies)[1]]


def test_one_that_lost_libvirt_lists_nothing_whatever_it_names_in_another_dialect() -> None:
    bodies = {t: body(t, t, up=float(t < 10)) for t in (0.0, 5.0, 10.0, 15.0)}
    np.testing.assert_array_equal(listings(bodies), [2, 2, np.nan, np.nan])
    assert live(bodies)[0].troubles == {"libvirt": 10.0}
    np.testing.assert_array_equal(scraped(bodies).nodes.values["vms"], [2, 2, np.nan, np.nan])


@pytest.mark.parametrize("uuid", [DEBIAN, INOVEX])
def test_vms_whose_numbers_stand_still_for_long_are_not_gone(uuid: str) -> None:
    bodies = {t: body(t, min(t, 20.0), uuid=uuid) for t in np.arange(0, 500, STEP).tolist()}
    listed = listings(bodies)
    assert listed[:5] == [2.0] * 5
    assert np.isnan(listed[7:]).all()
    np.testing.assert_array_equal(scraped(bodies).nodes.values["vms"], listed)


@pytest.mark.parametrize("uuid", [DEBIAN, INOVEX])
def test_a_file_is_as_old_as_the_clock_of_its_node_says(uuid: str) -> None:
    ages = [0, 100, 170, 190, 0]
    bodies = {
        5.0 * n: body(5.0 * n, 5.0 * n, uuid=uuid, up=None, written=age)
        for n, age in enumerate(ages)
    }
    meter, samples = live(bodies)
    listed = [sample.values["vms"] for sample in samples]
    np.testing.assert_array_equal(listed, [2, 2, 2, np.nan, 2])
    assert not samples[3].vms
    assert meter.troubles == {}
    assert meter.oddities["stale"] == 1
    np.testing.assert_array_equal(scraped(bodies).nodes.values["vms"], listed)


@pytest.mark.parametrize("uuid", [DEBIAN, INOVEX])
def test_vms_with_old_time_stamps_beside_a_node_with_new_ones_are_not_listed(uuid: str) -> None:
    # A proxy joins the answers of two exporters, and has an old one of the second.
    bodies = {}
    for time in 1.7e9 + STEP * np.arange(4):
        age = 600 if time == 1.7e9 + 10 else 2
        bodies[time] = [
            f"{line} {1000 * (time - age):.0f}" if "domain" in line else line
            for line in body(time, time, uuid=uuid)
        ]
    meter, samples = live(bodies)
    np.testing.assert_array_equal([s.values["vms"] for s in samples], [2, 2, np.nan, 2])
    assert not samples[2].vms
    assert samples[2].values["cpu_usage"] == 0.5
    assert meter.oddities["stale"] == 1


def test_what_a_target_said_that_is_scraped_no_more_is_forgotten() -> None:
    meter = Meter("n")
    parsers = {at: Parser(every_dialect(), "n", at) for at in ("http://a", "http://b")}
    for scrape in range(2):
        time = STEP * scrape
        meter.sample(parsers["http://a"].read("\n".join(body(time, time, up=0.0)).encode(), time))
    assert meter.troubles == {"libvirt": 0.0}
    meter.keep({"http://b"})
    sample = meter.sample(parsers["http://b"].read("\n".join(body(10, 10)).encode(), 10.0))
    assert sample is not None
    assert sample.values["vms"] == 2
    assert meter.troubles == {}


steps = st.fixed_dictionaries(
    {
        "passed": st.sampled_from([5.0, 5.0, 15.0, 60.0]),
        "worked": st.sampled_from([0.0, 0.0, 1.0, 3.0]),
        "up": st.sampled_from([1.0, 1.0, 0.0]),
        "written": st.sampled_from([0.0, 0.0, 100.0, 200.0]),
    }
)


@settings(deadline=None)
@given(walk=st.lists(steps, min_size=1, max_size=16), uuid=st.sampled_from([DEBIAN, INOVEX]))
def test_what_was_scraped_says_what_a_collector_says(
    walk: list[dict[str, float]], uuid: str
) -> None:
    time = cpu = 10.0
    bodies = {}
    for step in walk:
        time, cpu = time + step["passed"], cpu + step["worked"]
        bodies[time] = body(time, cpu, uuid=uuid, up=step["up"], written=step["written"])
    _, samples = live(bodies)
    nodes, vms = scraped(bodies)
    assert nodes.time.tolist() == [*bodies]
    for name in NODE:
        np.testing.assert_array_equal(
            nodes.values[name], [sample.values[name] for sample in samples], name
        )
    rows = {
        (vm, sample.time): {name: each[at] for name, each in sample.vm_values.items()}
        for sample in samples
        for at, vm in enumerate(sample.vms)
    }
    keys = [(vms.owners[o][1], t) for o, t in zip(vms.owner, vms.time.tolist(), strict=True)]
    assert keys == sorted(rows)
    for name in VM:
        np.testing.assert_array_equal(vms.values[name], [rows[key][name] for key in keys], name)
