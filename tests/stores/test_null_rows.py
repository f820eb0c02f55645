"""A VM that an exporter lists without numbers is there, from its answer to what stores return."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from helpers import NAN
from scroogevm.collect.exposition import Parser
from scroogevm.core.samples import VM, Recorded, Sample
from scroogevm.stores.prometheus import Prometheus
from scroogevm.stores.victoriametrics import VictoriaMetrics
from scroogevm.telemetry.dialect import every_dialect
from scroogevm.telemetry.meter import Meter
from scroogevm.telemetry.packed import pack, unpack
from servers import Prometheus as PrometheusServer
from servers import VictoriaMetrics as VictoriaMetricsServer
from stores.openers import OPENERS

T = 1_700_000_000.0
STEP = 5.0
UP = (1, 1, 0, 1)
"""What the exporter says of libvirt, scrape by scrape; while it is lost, no VM is named."""
LISTED = [3.0, 3.0, NAN, 3.0]
NAMES = ["known", "locked", "named"]


def said(number: int) -> list[str]:
    """What is scraped: a VM with numbers, one of which only the state is told, and one's name."""
    lines = [
        'node_cpu_seconds_total{cpu="0",mode="idle"} 5',
        f'node_cpu_seconds_total{{cpu="0",mode="user"}} {0.5 * STEP * number}',
        "node_memory_MemTotal_bytes 1073741824",
        "node_memory_MemAvailable_bytes 536870912",
        f"libvirt_up {UP[number]}",
    ]
    return (
        lines
        + [
            f'libvirt_domain_info_cpu_time_seconds_total{{domain="known"}} {2 * STEP * number}',
            'libvirt_domain_info_virtual_cpus{domain="known"} 4',
            'libvirt_domain_info_memory_usage_bytes{domain="known"} 1048576',
            'libvirt_domain_info_vstate{domain="known"} 1',
            'libvirt_domain_info_vstate{domain="locked"} 1',
            'libvirt_domain_openstack_info{domain="named",instance_id="8-4",flavor_name="m1"} 1',
        ]
        * UP[number]
    )


def samples() -> Iterator[Sample]:
    """What a collector makes of it."""
    parser, meter = Parser(every_dialect(), "n"), Meter("n")
    for number in range(len(UP)):
        time = T + STEP * number
        sample = meter.sample(parser.read("\n".join(said(number)).encode(), time))
        assert sample is not None
        yield sample


def holds(found: Recorded) -> None:
    """Every VM has a row in every scrape that lists it, of which only one has numbers."""
    nodes, vms = found
    assert (nodes.time - T).tolist() == [0, 5, 10, 15]
    np.testing.assert_array_equal(nodes.values["vms"], LISTED)
    assert list(vms.owners) == [("n", name) for name in NAMES]
    assert (vms.time - T).tolist() == [0, 5, 15] * 3
    known = vms.owner == 0
    assert vms.values["cpu"][known].tolist() == [4.0] * 3
    assert vms.values["mem"][known].tolist() == [1.0] * 3
    assert vms.values["cpu_usage"][known][1] == 2.0
    for name in VM:
        assert np.isnan(vms.values[name][~known]).all(), name


def test_a_sample_has_null_rows_and_keeps_them_while_it_waits_on_the_disk() -> None:
    made = list(samples())
    for sample, listed in zip(unpack(pack(made)), LISTED, strict=True):
        np.testing.assert_equal(sample.values["vms"], listed)
        if np.isnan(listed):
            assert list(sample.vms) == []
            continue
        assert sorted(sample.vms) == NAMES
        for name, column in sample.vm_values.items():
            empty = [vm for vm, value in zip(sample.vms, column, strict=True) if np.isnan(value)]
            assert {"locked", "named"} <= set(empty), name


@pytest.mark.parametrize("name", sorted(OPENERS))
def test_a_store_gives_null_rows_and_unknown_listings_back(name: str, tmp_path: Path) -> None:
    with OPENERS[name](tmp_path) as store:
        store.write(unpack(pack(list(samples()))))
        holds(store.read(["n"], T, T + 60, ["vms", *VM]))


def scrapes(unit: float) -> list[str]:
    """Lines with the target and the time in which they were scraped."""
    lines = []
    for number in range(len(UP)):
        for line in said(number):
            series, value = line.rsplit(" ", 1)
            name, _, labels = series.rstrip("}").partition("{")
            target = ",".join(filter(None, [labels, 'instance="n:9100",job="node"']))
            lines.append(f"{name}{{{target}}} {value} {(T + STEP * number) * unit:.0f}")
    return sorted(lines, key=lambda line: line.partition("{")[0])


def test_series_of_a_prometheus_have_null_rows() -> None:
    text = "\n".join([*scrapes(1), "# EOF", ""])
    with PrometheusServer(history=text) as server, Prometheus(server.url) as store:
        holds(store.read(["n"], T, T + 60, ["vms", *VM]))


def test_series_that_victoriametrics_scraped_have_null_rows() -> None:
    with VictoriaMetricsServer() as server:
        url, content = f"{server.url}/api/v1/import/prometheus", "\n".join(scrapes(1000))
        httpx.post(url, content=content).raise_for_status()
        server.flush()
        with VictoriaMetrics(server.url) as store:
            holds(store.read(["n"], T, T + 60, ["vms", *VM]))
