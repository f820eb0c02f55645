"""The API: what it tells, to whom, and what it refuses."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from service.fleet import BEGIN
from web.serving import ADMIN, HOURS, READER, Served, serving


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("web"), tokens=True) as found:
        yield found


@pytest.fixture
def api(served: Served) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {READER}"}
    with httpx.Client(base_url=served.address, headers=headers, timeout=30) as client:
        yield client


@pytest.fixture
def admin(served: Served) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {ADMIN}"}
    with httpx.Client(base_url=served.address, headers=headers, timeout=30) as client:
        yield client


def test_nodes_come_page_by_page(api: httpx.Client) -> None:
    names, cursor = [], None
    while True:
        params = {"limit": 7, **({"cursor": cursor} if cursor else {})}
        page = api.get("api/v1/nodes", params=params).raise_for_status().json()
        names += [node["node"] for node in page["nodes"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert names == sorted(f"n{at}" for at in range(1, 21))
    assert page["total"] == 20


def test_nodes_are_filtered_and_sorted(api: httpx.Client) -> None:
    def names(**params: str) -> list[str]:
        answer = api.get("api/v1/nodes", params=params).raise_for_status()
        return [node["node"] for node in answer.json()["nodes"]]

    assert names(state="withdrawn") == ["n3"]
    assert names(search="N1", limit="3") == ["n1", "n10", "n11"]
    assert names(group="nobody") == []
    free = [
        node["resources"]["cpu"]["free"]
        for node in api.get("api/v1/nodes?sort=cpu_free&descending=true").json()["nodes"]
    ]
    assert free == sorted(free, reverse=True)
    assert free[-1] == 0.0


def test_a_node_says_why(api: httpx.Client) -> None:
    node = api.get("api/v1/nodes/n3").json()
    assert node["resources"]["cpu"]["state"] == "withdrawn"
    assert node["resources"]["cpu"]["free"] == 0
    said = " ".join(api.get("api/v1/nodes/n3/explain").json()["lines"])
    assert "The newest sample is 60 min old (limit 5 min): nothing is offered." in said
    assert api.get("api/v1/nodes/nope").status_code == 404
    assert "No node is called 'nope'" in api.get("api/v1/nodes/nope/history").json()["detail"]


def test_history_and_ledger(api: httpx.Client) -> None:
    begin = BEGIN + HOURS * 1800
    points = api.get(f"api/v1/nodes/n1/history?resource=mem&since={begin}").json()
    assert [point["end"] for point in points] == [begin + 600 * at for at in range(HOURS * 3 + 1)]
    assert set(points[-1]["demands"]) == {
        "calibrated:risk=0.05", "greedy", "percentile", "max-peak",
    }  # fmt: skip
    for by, of in (("strategy", ""), ("node", "n1"), ("group", "all")):
        rows = api.get(f"api/v1/ledger?by={by}").json()
        mine = {
            row["strategy"]: row for row in rows if row["of"] == of and row["resource"] == "cpu"
        }
        assert mine["calibrated:risk=0.05"]["asked"] == 0.05
        assert mine["offered"]["windows"] > 0
        assert 0 <= mine["greedy"]["violations"] <= 1
    days = {row["of"] for row in api.get("api/v1/ledger?by=day").json()}
    midnight = int(BEGIN // 86400 * 86400)
    assert days == {str(midnight), str(midnight + 86400)}


def test_fit_spreads_vms(api: httpx.Client) -> None:
    found = api.get("api/v1/fit?cpu=1&mem=1024&count=10").json()
    assert found["placed"] == 10 == sum(node["placed"] for node in found["nodes"])
    assert "n3" not in {node["node"] for node in found["nodes"]}
    assert min(node["cpu_left"] for node in found["nodes"]) >= 0
    many = api.get("api/v1/fit?cpu=1&mem=1024&count=1000000").json()
    assert many["placed"] == many["room"] == sum(node["vms"] for node in many["nodes"])


def test_what_has_not_changed_is_not_sent_again(api: httpx.Client) -> None:
    first = api.get("api/v1/fleet")
    again = api.get("api/v1/fleet", headers={"If-None-Match": first.headers["etag"]})
    assert (first.status_code, again.status_code, again.content) == (200, 304, b"")


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("api/v1/nodes?limit=0", "limit"),
        ("api/v1/nodes?cursor=x", "cursor"),
        ("api/v1/nodes?state=fine", "state"),
        ("api/v1/fit?cpu=nan&mem=1", "cpu"),
        ("api/v1/fit?cpu=0&mem=1", "cpu"),
        ("api/v1/nodes/n1/history?since=-1", "since"),
        ("api/v1/ledger?by=moon", "by"),
    ],
)
def test_what_makes_no_sense_is_a_problem(api: httpx.Client, path: str, said: str) -> None:
    answer = api.get(path)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert said in answer.json()["detail"]


def test_offers_expire_for_whoever_reads(served: Served, api: httpx.Client) -> None:
    before = served.clock._begin
    try:
        served.clock._begin += 3600
        fleet = api.get("api/v1/fleet").json()
        place = fleet["columns"].index("cpu_free")
        assert {row[place] for row in fleet["nodes"]} == {0.0}
        assert api.get("api/v1/fit?cpu=1&mem=1").json()["room"] == 0
        assert api.get("health/ready").status_code == 503
        assert 'scroogevm_node_free{node="n1",resource="cpu"} 0.0' in api.get("metrics").text
    finally:
        served.clock._begin = before
    assert api.get("health/ready").status_code == 200


def test_who_may_ask_and_who_may_change(served: Served, admin: httpx.Client) -> None:
    with httpx.Client(base_url=served.address) as nobody:
        answer = nobody.get("api/v1/nodes")
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
        wrong = nobody.get("api/v1/nodes", headers={"Authorization": f"Bearer {READER}x"})
        assert wrong.status_code == 401
        assert READER not in wrong.text
        assert nobody.get("metrics").status_code == 401
        assert nobody.get("health/live").json() == {"status": "live"}
        reader = {"Authorization": f"Bearer {READER}"}
        assert nobody.post("api/v1/nodes/n1/hold", json={}, headers=reader).status_code == 403
        rebound = nobody.get("api/v1/nodes", headers={"Host": "evil.example", **reader})
        assert rebound.status_code == 421
    held = admin.post("api/v1/nodes/n1/hold", json={"note": "disk is replaced"})
    assert held.json()["by"] == "ann"
    assert held.json()["free"]["cpu"] >= 0
    assert admin.get("api/v1/nodes/n1").json()["hold"]["note"] == "disk is replaced"
    assert admin.delete("api/v1/nodes/n1/hold").status_code == 204
    assert admin.delete("api/v1/nodes/n1/hold").status_code == 404
    assert admin.post("api/v1/nodes/nope/hold", json={}).status_code == 404


def test_without_tokens_nothing_can_be_changed(tmp_path: Path) -> None:
    with serving(tmp_path, nodes=1) as found, httpx.Client(base_url=found.address) as client:
        assert client.get("api/v1/nodes").json()["total"] == 1
        answer = client.post("api/v1/nodes/n1/hold", json={})
        assert answer.status_code == 403
        assert "No token is configured" in answer.json()["detail"]


def test_events_go_on_where_they_were(api: httpx.Client, admin: httpx.Client) -> None:
    def follow(last: int, wanted: str) -> int:
        headers = {"Last-Event-ID": str(last)} if last else {}
        with api.stream("GET", "api/v1/events", headers=headers) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: ") and "text" in line:
                    event = json.loads(line[6:])
                    assert event["id"] > last
                    last = event["id"]
                    if wanted in event["text"]:
                        return last
        raise AssertionError(wanted)

    last = follow(0, "withdrawn")
    admin.post("api/v1/nodes/n2/hold", json={"note": "one"})
    last = follow(last, "n2 is held by ann: one")
    admin.delete("api/v1/nodes/n2/hold")
    assert follow(last, "ann ended the hold of n2") > last


def test_large_requests_are_refused(api: httpx.Client, admin: httpx.Client) -> None:
    large = admin.post("api/v1/nodes/n1/hold", json={"note": "x" * 20_000})
    assert large.status_code == 413
    assert admin.post("api/v1/nodes/n1/hold", content=b"{").status_code == 422
    with pytest.raises(httpx.HTTPError):  # headers without end: the connection ends
        api.get("api/v1/nodes", headers={"X": "y" * 2_000_000}).raise_for_status()


def test_idle_connections_keep_nobody_out(served: Served, api: httpx.Client) -> None:
    host, port = "127.0.0.1", int(served.address.rsplit(":", 1)[1].strip("/"))
    idle = []
    try:
        for _ in range(600):
            one = socket.create_connection((host, port), timeout=10)
            one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
            idle.append(one)
        assert api.get("api/v1/nodes").json()["total"] == 20
    finally:
        for one in idle:
            one.close()


def test_pages_run_nothing_from_elsewhere(api: httpx.Client) -> None:
    answer = api.get("/")
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "://" not in answer.text
    assert api.get("assets/../app.py").status_code == 404
    assert api.get("assets/%2e%2e%2fapp.py").status_code == 404


def test_metrics_tell_of_nodes_and_of_the_service(api: httpx.Client) -> None:
    text = api.get("metrics").text
    for line in (
        'scroogevm_nodes{state="withdrawn"} 1.0',
        'scroogevm_node_free{node="n3",resource="cpu"} 0.0',
        "scroogevm_ready 1.0",
        "# TYPE scroogevm_late_samples_total counter",
    ):
        assert line in text
    assert READER not in text


def test_metrics_of_each_node_can_be_left_out(
    api: httpx.Client, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    every = api.get("metrics").text
    monkeypatch.setattr(served.reader, "_node_series", False)
    text = api.get("metrics").text
    assert "scroogevm_node_" in every
    assert "scroogevm_node_" not in text
    assert 'scroogevm_nodes{state="withdrawn"} 1.0' in text
