"""What others' exporters say of real guests, understood by our dialects."""

from collections.abc import Mapping

import httpx
import pytest

from hypervisor.guests import Guest
from hypervisor.nodes import Node
from hypervisor.probes import Said
from scroogevm.ports import DIALECTS
from servers import LibvirtExporter

pytestmark = pytest.mark.hypervisor


def test_debians_libvirt_exporter_tells_cpu_time_and_the_balloon(
    nodes: list[Node], guests: Mapping[str, Guest]
) -> None:
    domain = guests["web-1"].domain
    dialect = DIALECTS.build("libvirt-exporter")
    with LibvirtExporter(uri=nodes[0].uri) as exporter:
        before = domain.info()[4]
        said = Said.of(httpx.get(f"{exporter.url}/metrics").text, dialect)
        after = domain.info()[4]
    assert set(said.vms) == {"web-1", "db_2"}
    # It reports floats of seconds, and libvirt nanoseconds.
    assert before - 1e6 <= said.vms["web-1"]["cpu_time"] * 1e9 <= after + 1e6
    assert said.vms["web-1"]["mem_current"] == domain.info()[2] / 1024
    assert said.vms["web-1"]["vcpus"] == 1
