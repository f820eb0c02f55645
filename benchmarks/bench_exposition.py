"""Reading what exporters answer, against prometheus_client's parser and VictoriaMetrics."""

import json
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import cycle
from pathlib import Path
from threading import Thread

import httpx
import psutil
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.bodies import node_and_vms
from benchmarks.report import Result
from scroogevm.collect.exposition import Parser
from scroogevm.telemetry.dialect import every_dialect
from scroogevm.telemetry.meter import Meter

VMS = 50
TARGETS = 20
SECONDS = 10.0
REPEATS = 30


def run(docs: Path) -> Result:
    del docs
    bodies = [node_and_vms(VMS, at=5.0 * number) for number in range(REPEATS)]
    others = [node_and_vms(VMS - number % 2, at=5.0 * number) for number in range(REPEATS)]
    samples = sum(not line.startswith(b"#") for line in bodies[0].splitlines())

    known, changing, metered = reader(), reader(), reader()
    meter = Meter("node")
    times = {
        "scroogevm, laid out as before": fastest(lambda at: known.read(bodies[at], 5.0 * at)),
        "scroogevm, another VM each time": fastest(lambda at: changing.read(others[at], 5.0 * at)),
        "scroogevm, to rates of all VMs": fastest(
            lambda at: meter.sample(metered.read(bodies[at], 5.0 * at))
        ),
        "scroogevm, first body of a target": fastest(lambda at: reader().read(bodies[at], 0.0)),
        "prometheus_client": fastest(lambda at: families(bodies[at].decode()), 5),
    }
    ours, theirs = times["scroogevm, laid out as before"], times["prometheus_client"]
    whole = times["scroogevm, to rates of all VMs"]
    verdict = (
        f"Our parser is {theirs / ours:.0f} times as fast as prometheus_client's, which makes "
        "an object of every sample."
    )
    with suppress(FileNotFoundError):
        stored = victoria(bodies)
        times["VictoriaMetrics, fetched and stored too"] = stored
        verdict += (
            f" VictoriaMetrics takes {stored / whole:.1f} times as long as reading and rates here. "
            "This includes fetching and storing, which cannot be measured separately."
        )
    return Result(
        title="Reading expositions",
        how=f"node_exporter with 64 cpus and the libvirt exporter of inovex with {VMS} VMs in one "
        f"body: {samples} samples, {len(bodies[0]) / 1e3:.0f} kB. The values change each time. The "
        f"cpu time is the best of {REPEATS}. For VictoriaMetrics it is all cpu time while it "
        f"scrapes {TARGETS} such targets every second, for {SECONDS:.0f} s.",
        columns=("what", "ms a body", "thousand samples/s"),
        rows=[(name, 1e3 * each, samples / each / 1e3) for name, each in times.items()],
        verdict=verdict,
    )


def reader() -> Parser:
    return Parser(every_dialect(), "node")


def families(text: str) -> None:
    for family in text_string_to_metric_families(text):
        _ = family.samples


def fastest(read: Callable[[int], object], repeats: int = REPEATS) -> float:
    """Least cpu time of a call: the others met more of what else the machine was doing."""
    taken = []
    for at in range(repeats):
        start = time.process_time()
        read(at)
        taken.append(time.process_time() - start)
    return min(taken)


def victoria(bodies: Sequence[bytes]) -> float:
    """Cpu time of VictoriaMetrics for one body.

    Raises:
        FileNotFoundError: it is not installed.
    """
    if not shutil.which("victoria-metrics"):
        raise FileNotFoundError
    sys.path.append(str(Path(__file__).parent.parent / "tests"))
    from servers import VictoriaMetrics  # noqa: PLC0415  # a starter that tests have, and only they

    with serving(bodies) as address:
        jobs = [
            {
                "job_name": f"node-{number}",
                "metrics_path": f"/{number}",
                "static_configs": [{"targets": [address]}],
            }
            for number in range(TARGETS)
        ]
        config = json.dumps({"global": {"scrape_interval": "1s"}, "scrape_configs": jobs})
        with VictoriaMetrics(config) as server:
            time.sleep(5)  # every series is new to it at first
            process = psutil.Process(server._process.pid)  # noqa: SLF001  # nobody else says it
            spent, done = busy(process), scrapes(server.url)
            time.sleep(SECONDS)
            return (busy(process) - spent) / (scrapes(server.url) - done)


def busy(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def scrapes(url: str) -> float:
    """Scrapes that VictoriaMetrics has done."""
    found = re.search(
        r"^vm_promscrape_scrapes_total\S* (\S+)", httpx.get(f"{url}/metrics").text, re.MULTILINE
    )
    assert found  # noqa: S101  # else there is nothing to measure
    return float(found[1])


@contextmanager
def serving(bodies: Sequence[bytes]) -> Iterator[str]:
    """The address of a server that answers one body after the other, on loopback."""
    turn = cycle(bodies)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            body = next(turn)
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
