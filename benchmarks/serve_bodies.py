"""Serves bodies that move on, as lightly as Python can: what it takes must not be measured."""

import socketserver
import sys
from collections.abc import Sequence
from contextlib import suppress
from itertools import cycle

from benchmarks.bodies import node_and_vms
from scroogevm.telemetry.metrics import DOMAIN, NODE

_VARIANTS = 40
_STEP = 5.0


def probe_body(vms: int, at: float) -> bytes:
    """Everything that our probe may say of a node."""
    lines = []
    for name, metric in NODE.items():
        if name == "scrooge_probe_time_seconds":
            lines.append(f"{name} {1.7e9 + at!r}")
        else:
            lines.append(f"{name}{_labels(metric.labels)} {7.5 + at / 3!r}")
    for name, metric in DOMAIN.items():
        for vm in range(vms):
            own = f'domain="instance-{vm:08x}",uuid="{vm:032x}"'
            lines.append(f"{name}{{{own}{_more(metric.labels)}}} {1.25e9 + at / 3!r}")
    return ("\n".join(lines) + "\n").encode()


def _labels(labels: Sequence[str]) -> str:
    return f'{{{labels[0]}="user"}}' if labels else ""


def _more(labels: Sequence[str]) -> str:
    return "".join(f',{label}="x"' for label in labels)


class Handler(socketserver.StreamRequestHandler):
    """Keeps its connection, as exporters in Go do."""

    def handle(self) -> None:
        """Answer each request with the body that follows the one before."""
        bodies = cycle(ANSWERS)
        with suppress(ConnectionError):
            while line := self.rfile.readline():
                if line == b"\r\n":
                    self.wfile.write(next(bodies))


class Server(socketserver.ThreadingTCPServer):
    """Takes many connections."""

    daemon_threads = True
    request_queue_size = 1024


def _whole(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def exporter_body(vms: int, at: float) -> bytes:
    """node_exporter with 64 cpus, and inovex's exporter."""
    return node_and_vms(vms, at=at)


MAKERS = {"probe": probe_body, "exporters": exporter_body}
ANSWERS: list[bytes] = []

if __name__ == "__main__":
    make = MAKERS[sys.argv[1]]
    ANSWERS += [_whole(make(int(sys.argv[2]), _STEP * number)) for number in range(_VARIANTS)]
    with Server(("127.0.0.1", 0), Handler) as server:
        print(server.server_address[1], flush=True)
        server.serve_forever()
