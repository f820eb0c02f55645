"""What we take Placement to accept is what it accepts, over random inventories and offers."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hosts import adopted
from offered import node, resource, status
from openstacks import Cloud, clouds_yaml
from scroogevm.errors import PlacementError
from scroogevm.openstack.client import PlacementClient, connect
from scroogevm.openstack.plan import make_plan
from scroogevm.openstack.ratio import RatioBounds, accepted
from scroogevm.openstack.records import Provider, Survey
from scroogevm.openstack.rules import Rules

RULES = Rules(
    kinds=("VCPU",), share=1.0, step=100.0, dead_band=0.0, bounds={"VCPU": RatioBounds(high=8)}
)


@st.composite
def inventories(draw: st.DrawFn) -> dict[str, object]:
    total = draw(st.integers(1, 256))
    return {
        "total": total,
        "reserved": draw(st.integers(0, total - 1)),
        "min_unit": draw(st.integers(1, 3)),
        "max_unit": draw(st.integers(3, 300)),
        "step_size": draw(st.sampled_from([1, 1, 2, 3])),
        "allocation_ratio": draw(st.sampled_from([0.5, 1.0, 1.33, 16.0])),
    }


@pytest.fixture
def client(cloud: Cloud) -> Iterator[PlacementClient]:
    del cloud  # it is there
    with connect(None) as client:
        yield client


@given(record=inventories(), taken=st.floats(0, 1), told=st.floats(0, 1.2), free=st.floats(0, 3))
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_placement_never_accepts_more_than_the_offer(
    cloud: Cloud,
    client: PlacementClient,
    *,
    record: dict[str, object],
    taken: float,
    told: float,
    free: float,
) -> None:
    name = str(uuid4())
    uuid = cloud.host(name)
    cloud.change(name, "VCPU", **record)
    _use(cloud, name, record, taken)
    try:
        limit, used = _write(cloud, client, name, told, free)
        found = client.provider(Provider(uuid, name, 0)).inventories["VCPU"]
        most = max(0, accepted(found.net, found.ratio) - used)
        # As many units as we think are accepted, where sizes of VMs allow it, and not one more.
        for more in range(most + 1, most + 4):
            assert name not in cloud.candidates(more)
        fitting = [units for units in range(1, most + 1) if _allowed(record, units)]
        if fitting:
            assert name in cloud.candidates(fitting[-1])
            assert used + fitting[-1] <= max(limit, used)
            cloud.place(name, fitting[-1], 1)
        for units in range(1, 8):
            if not fitting or fitting[-1] == most:
                assert name not in cloud.candidates(units)
    finally:
        cloud.clear()


def _allowed(record: dict[str, object], units: int) -> bool:
    low, high, step = (int(str(record[key])) for key in ("min_unit", "max_unit", "step_size"))
    return low <= units <= high and units % step == 0


def _use(cloud: Cloud, name: str, record: dict[str, object], share: float) -> None:
    """Place a VM that takes about such a share of what there is."""
    total, reserved = int(str(record["total"])), int(str(record["reserved"]))
    ratio = float(str(record["allocation_ratio"]))
    room = int((total - reserved) * ratio * share)
    fitting = [units for units in range(1, room + 1) if _allowed(record, units)]
    if fitting:
        cloud.place(name, fitting[-1], 1)


def _write(
    cloud: Cloud, client: PlacementClient, name: str, told: float, free: float
) -> tuple[float, int]:
    """Write what a plan says of an offer; its limit, and what is used."""
    survey = client.survey()
    (one,) = survey.providers
    total, used = one.inventories["VCPU"].total, one.used["VCPU"]
    offer = resource(total, told * total, free * total)
    content = status(node(name, offer, vms=len(one.allocations)))
    alone = Survey([one])
    plan = make_plan(content, alone, adopted(alone), RULES, now=content.computed_at)
    ratios = {change.kind: change.after for change in plan.changes}
    after = {
        kind: inventory.with_ratio(ratios.get(kind, inventory.ratio))
        for kind, inventory in one.inventories.items()
    }
    assert client.put(one, after).verdict == "written"
    assert cloud.ratio(name) == ratios.get("VCPU", one.inventories["VCPU"].ratio)
    return min(float(used), told * total) + free * total, used


@pytest.mark.parametrize("ratio", [0.57, 1.15, 1.33, 2.01, 3.99])
def test_int_truncation_is_that_of_placement(cloud: Cloud, ratio: float) -> None:
    cloud.host("a", vcpus=100, allocation_ratio=ratio, max_unit=1000)
    most = accepted(100, ratio)
    found = [units for units in (most - 1, most, most + 1) if cloud.candidates(units)]
    # A float may hand out a unit less than the decimal: never one more.
    assert found in ([most - 1, most], [most - 1])


def test_what_ended_is_seen_although_no_generation_moves(
    cloud: Cloud, client: PlacementClient
) -> None:
    uuid = cloud.host("a")
    vm = cloud.place("a", 8)
    first = client.survey().by_uuid[uuid]
    cloud.remove(vm)
    second = client.survey().by_uuid[uuid]
    assert (first.used["VCPU"], second.used["VCPU"]) == (8, 0)
    assert first.generation == second.generation
    assert second.inventories is first.inventories  # not read again
    cloud.change("a", "VCPU", allocation_ratio=2.0)
    assert client.survey().by_uuid[uuid].inventories["VCPU"].ratio == 2.0


def answering(body: str) -> type[BaseHTTPRequestHandler]:
    """Answers every question so."""

    class Own(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body.encode())

        def log_message(self, *_: object) -> None:
            pass

    return Own


HEAD = '{"uuid": "u", "name": "n", "generation": 1}'


@pytest.mark.parametrize(
    "body",
    [
        "<html>",
        "[]",
        "{}",
        '{"resource_providers": [{}]}',
        f'{{"resource_providers": [{HEAD}]}}',
        f'{{"resource_providers": [{HEAD}], "resource_provider_generation": 1, "inventories": 7}}',
    ],
)
def test_who_is_not_placement_is_found_out(
    body: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with HTTPServer(("127.0.0.1", 0), answering(body)) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        url = f"http://127.0.0.1:{server.server_port}"
        entry = {
            "auth_type": "admin_token",
            "auth": {"endpoint": url, "token": "x"},
            "placement_endpoint_override": url,
        }
        path = clouds_yaml(tmp_path, {"other": entry})
        monkeypatch.setenv("OS_CLIENT_CONFIG_FILE", str(path))
        try:
            with (
                connect("other") as client,
                pytest.raises(PlacementError, match=r"unexpected answer|in JSON"),
            ):
                client.survey()
        finally:
            server.shutdown()
            thread.join()
