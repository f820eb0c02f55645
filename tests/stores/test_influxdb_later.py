"""Simulated: what InfluxDB 2.x and 3.x answer otherwise than 1.x does, as recorded of their source.

Neither runs here: the answers are canned, so these tests show what we make of them, not that they
come.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from scroogevm.core.samples import Sample
from scroogevm.errors import StoreError
from scroogevm.stores._server import http
from scroogevm.stores.influxdb import InfluxDB
from stores.canned import Asked, Canned, Said, canned

T = 1_700_000_000.0
PINGS = {
    "2": Said(204, headers={"X-Influxdb-Version": "v2.7.1"}),
    "3": Said(200, b'{"version":"3.9.0"}', {"x-influxdb-version": "3.9.0"}),
}
SAMPLE = Sample("n1", T, {"cpu": 4.0, "cpu_usage": np.nan}, ["a"], {"cpu": np.array([2.0])})


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "sleep", lambda _: None)


def written(version: str, said: Said, **more: object) -> tuple[StoreError | None, Canned]:
    def answer(asked: Asked) -> Said:
        return PINGS[version] if asked.path == "/ping" else said

    with (
        canned(answer) as server,
        InfluxDB(f"{server.url}/osub", **more) as store,  # type: ignore[arg-type]
    ):
        try:
            store.write([SAMPLE])
        except StoreError as error:
            return error, server
    return None, server


def test_simulated_a_token_goes_as_token_with_every_request(tmp_path: Path) -> None:
    token = tmp_path / "token"
    token.write_text("abc==\n")
    error, server = written("3", Said(204), token_file=str(token))
    assert error is None
    assert {asked.headers["Authorization"] for asked in server.asked} == {"Token abc=="}
    write = server.asked[-1]
    assert (write.path, dict(write.params)) == ("/write", {"db": "osub", "precision": "ms"})
    assert write.body.decode().splitlines() == [
        "node,url=n1 cpu=4.0,oc_cpu=0.5,vm_number=1i 1700000000000",
        "domain,url=n1,domain=a cpu=2.0,there=1i 1700000000000",
    ]


def test_simulated_2_refuses_the_whole_batch_of_a_bad_line() -> None:
    body = b'{"code":"invalid","message":"unable to parse \'x\': missing fields"}'
    error, _ = written("2", Said(400, body))
    assert error is not None
    assert "unable to parse 'x': missing fields" in str(error)
    assert not error.temporary


def test_simulated_2_keeps_a_part_and_says_422() -> None:
    body = b'{"code":"unprocessable entity","message":"failure writing points: partial write"}'
    error, _ = written("2", Said(422, body))
    assert error is not None
    assert "answers 422: failure writing points: partial write" in str(error)
    assert not error.temporary


def test_simulated_3_says_which_line_it_did_not_keep() -> None:
    body = json.dumps(
        {
            "error": "partial write of line protocol occurred",
            "data": [
                {"line_number": 2, "error_message": "invalid column type", "original_line": ""}
            ],
        }
    )
    error, _ = written("3", Said(400, body.encode()))
    assert error is not None
    assert "partial write of line protocol occurred: invalid column type" in str(error)


def test_simulated_2_without_a_mapping_is_told_and_nothing_is_created() -> None:
    body = b'{"code":"not found","message":"no dbrp mapping found"}'
    error, server = written("2", Said(404, body), create=True)
    assert error is not None
    assert "no dbrp mapping found" in str(error)
    assert error.temporary
    assert [asked.path for asked in server.asked] == ["/ping", "/write"]


def test_simulated_3_says_parse_errors_with_200() -> None:
    def answer(asked: Asked) -> Said:
        body = b'{"results":[{"statement_id":0,"error":"error parsing query: found FOO"}]}'
        return PINGS["3"] if asked.path == "/ping" else Said(200, body)

    with (
        canned(answer) as server,
        InfluxDB(f"{server.url}/osub") as store,
        pytest.raises(StoreError, match="refuses the query: error parsing query: found FOO"),
    ):
        store.nodes(T, T + 60)


def test_simulated_3_answers_series_by_series_and_a_missing_series_is_nothing() -> None:
    def series(question: str) -> list[object]:
        if '"domain"' in question:
            return []
        return [
            {
                "name": "node",
                "tags": {"url": "n1"},
                "columns": ["time", "cpu", "mem", "cpu_usage", "mem_usage", "vm_number"],
                "values": [[1700000005000, None, None, 1.5, None, None]],
            }
        ]

    def answer(asked: Asked) -> Said:
        if asked.path == "/ping":
            return PINGS["3"]
        found = series(asked.params["q"])
        result = {"statement_id": 0} | ({"series": found} if found else {})
        return Said(200, json.dumps({"results": [result]}).encode())

    with canned(answer) as server, InfluxDB(f"{server.url}/osub/day") as store:
        nodes, vms = store.read(["n1"], T, T + 60)
        asked = server.asked[1]
    assert (asked.params["db"], asked.params["rp"], asked.params["epoch"]) == ("osub", "day", "ms")
    assert json.loads(asked.params["params"]) == {"value": "n1"}
    assert ";" not in asked.params["q"]
    assert nodes.values["cpu_usage"].tolist() == [1.5]
    assert np.isnan(nodes.values["cpu"]).all()
    assert len(vms) == 0


def test_simulated_an_answer_that_breaks_off_is_asked_for_again() -> None:
    part = b'{"results":[{"statement_id":0,"partial":true}]}\n'
    whole = b'{"results":[{"statement_id":0}]}\n'
    answers = iter([part, part + whole])

    def answer(asked: Asked) -> Said:
        return PINGS["2"] if asked.path == "/ping" else Said(200, next(answers))

    with canned(answer) as server, InfluxDB(f"{server.url}/osub") as store:
        assert store.nodes(T, T + 60) == []
        assert len(server.asked) == 3
