"""Judges windows of a large fleet back to back, and serves them: ``service_load NODES``.

It prints the address once the first window is told, then a line for each window, until its standard
input ends.
"""

import sys
import threading
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.service_fleet import DRIVER, INTERVAL, SLICE, Made
from scroogevm.journal import Journal
from scroogevm.offers.chain import Chain
from scroogevm.ports import RESOURCES, STRATEGIES, Shape
from scroogevm.service.clock import FastClock
from scroogevm.service.estimator import Estimator
from scroogevm.service.feed import Pace
from scroogevm.service.garbage import looked_for_afterwards
from scroogevm.service.gate import Gate
from scroogevm.service.plan import GroupPlan
from scroogevm.service.reader import ServiceReader
from scroogevm.web.server import WebServer, WebSettings

FIRST = 1000
"""Number of the first window."""


def main(nodes: int) -> None:
    """Judge and serve."""
    built = {r: {DRIVER: STRATEGIES.build(DRIVER, r)} for r in RESOURCES}
    chains = {r: Chain.of(r) for r in RESOURCES}
    plan = GroupPlan("all", ("*",), dict.fromkeys(RESOURCES, DRIVER), built, chains)
    ended = threading.Event()
    threading.Thread(target=_wait_for_end, args=(ended,), daemon=True).start()
    with TemporaryDirectory() as folder, Journal(Path(folder) / "journal.sqlite") as journal:
        store, shape = Made(nodes), Shape(SLICE, SLICE)
        estimator = Estimator([plan], shape, Pace.of(INTERVAL, SLICE), lasts=1e9, forget=1e9)
        clock = FastClock(FIRST * SLICE, float("inf"))
        reader = ServiceReader(
            journal, Gate(store), [], clock=clock, health=lambda: None, plans=lambda: [plan]
        )
        server = None
        number = FIRST
        while not ended.is_set():
            began = time.perf_counter()
            with looked_for_afterwards():  # as the service does
                judged = estimator.judge(store, journal, number)
                told, _, _ = estimator.commit(journal, number, judged, number * SLICE, tell=True)
                if told is not None:
                    reader.publish(told)
            if server is None:
                server = WebServer(reader, WebSettings("127.0.0.1:0"))
                _say(server.address)
            server.beat()
            _say(f"{time.perf_counter() - began:.3f}")
            number += 1
        if server is not None:
            server.close()


def _wait_for_end(ended: threading.Event) -> None:
    sys.stdin.read()
    ended.set()


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(int(sys.argv[1]))
