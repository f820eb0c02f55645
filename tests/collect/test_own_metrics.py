"""The collector's own metrics over HTTP."""

import asyncio
from functools import partial

import httpx
import pytest

from scroogevm.collect.metrics_endpoint import local_address, serve
from scroogevm.collect.self_metrics import METRICS, Figures, self_metrics
from scroogevm.errors import OutputError


async def asked(method: str, path: str, figures: Figures) -> httpx.Response:
    metrics = partial(self_metrics, figures, 100.0)
    async with await serve(local_address("127.0.0.1:0"), metrics) as server:
        port = server.sockets[0].getsockname()[1]
        async with httpx.AsyncClient() as client:
            return await client.request(method, f"http://127.0.0.1:{port}{path}")


def test_every_metric_is_there_and_names_are_escaped() -> None:
    figures = Figures(scrapes=3, oldest=90.0, last={"n": 95.0, 'a"\\b': 40.0, "never": None})
    answer = asyncio.run(asked("GET", "/metrics?x=1", figures))
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    assert METRICS.keys() <= {line.split()[2] for line in lines if line.startswith("# TYPE")}
    assert "scrooge_collect_scrapes_total 3.0" in lines
    assert "scrooge_collect_lag_seconds 10.0" in lines
    assert 'scrooge_collect_node_sample_age_seconds{node="a\\"\\\\b"} 60.0' in lines
    assert not any("never" in line for line in lines)
    assert any(line.startswith("process_cpu_seconds_total ") for line in lines)


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("POST", "/metrics", 405), ("HEAD", "/metrics", 200)],
)
def test_nothing_else_is_answered(method: str, path: str, status: int) -> None:
    answer = asyncio.run(asked(method, path, Figures()))
    assert answer.status_code == status
    assert "scrooge" not in answer.text


def test_an_address_that_is_taken_is_told() -> None:
    async def twice() -> None:
        async with await serve(local_address("127.0.0.1:0"), list) as server:
            port = server.sockets[0].getsockname()[1]
            await serve(local_address(f"127.0.0.1:{port}"), list)

    with pytest.raises(OutputError, match=r"127.0.0.1:\d+: cannot listen: "):
        asyncio.run(twice())
