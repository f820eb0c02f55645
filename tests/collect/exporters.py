"""A real HTTP server that answers as exporters do, and as none should."""

import gzip
import ssl
import threading
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Self

MIB = 1 << 20
VMS = ("web-1", "db_2")


def exposition(clock: float, at: float, vms: tuple[str, ...] = VMS) -> bytes:
    """What our probe says of a node of four cores.

    Args:
        clock: of the node.
        at: seconds since the start of all counters: a core of the node is busy.
        vms: each uses half a core.
    """
    lines = [
        "# TYPE scrooge_node_cpus gauge",
        f"scrooge_probe_time_seconds {clock!r}",
        "scrooge_node_cpus 4",
        f'scrooge_node_cpu_seconds_total{{mode="user"}} {at!r}',
        f"scrooge_node_memory_total_bytes {8192 * MIB}",
        f"scrooge_node_memory_available_bytes {6144 * MIB}",
    ]
    for vm in vms:
        labels = f'{{domain="{vm}",uuid="{vm}"}}'
        lines += [
            f"scrooge_domain_vcpus{labels} 2",
            f"scrooge_domain_cpu_seconds_total{labels} {at / 2!r}",
            f"scrooge_domain_memory_current_bytes{labels} {2048 * MIB}",
        ]
    return ("\n".join(lines) + "\n").encode()


class Handler(BaseHTTPRequestHandler):
    """Answers a path as ``PAGES`` says."""

    server: "Exporters"
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        path = self.path.partition("?")[0].rstrip("/")
        with self.server.lock:
            self.server.served[path] += 1
        self.close_connection = True
        with suppress(OSError):
            self.server.pages.get(path, missing)(self)

    def say(self, status: int, body: bytes = b"", **headers: str) -> None:
        """A whole answer."""
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.head(headers)
        self.wfile.write(body)

    def head(self, headers: Mapping[str, str]) -> None:
        """The end of the head."""
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Connection", "close")
        self.end_headers()

    def endless(self, pieces: Iterator[bytes], **headers: str) -> None:
        """An answer of a length that is not said."""
        self.send_response(200)
        self.head(headers)
        for piece in pieces:
            self.wfile.write(piece)

    def log_message(self, *_: object) -> None:
        """Nothing."""


Page = Callable[[Handler], None]


class Exporters(ThreadingHTTPServer):
    """One server, with a page for each way to answer; counts how often each was asked for."""

    daemon_threads = True
    block_on_close = False
    request_queue_size = 256

    def __init__(self, pages: Mapping[str, Page] | None = None, pem: Path | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.pages = {**PAGES, **(pages or {})}
        self.served: Counter[str] = Counter()
        self.lock = threading.Lock()
        self.began = time.monotonic()
        self.ended = threading.Event()
        self.scheme = "http"
        if pem is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(pem)
            self.socket = context.wrap_socket(
                self.socket, server_side=True, do_handshake_on_connect=False
            )
            self.scheme = "https"

    def url(self, path: str = "/good") -> str:
        """Where a page is."""
        return f"{self.scheme}://127.0.0.1:{self.server_address[1]}{path}"

    @property
    def at(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self.began

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked has gone."""

    def __enter__(self) -> Self:
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.shutdown()
        self.server_close()


def good(handler: Handler) -> None:
    handler.say(200, exposition(time.time(), handler.server.at))


def missing(handler: Handler) -> None:
    handler.say(404, b"not here")


def status(number: int) -> Page:
    return lambda handler: handler.say(number, b"sorry")


def hanging(handler: Handler) -> None:
    handler.server.ended.wait(60)


def half_head(handler: Handler) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Le")
    handler.server.ended.wait(60)


def garbage(handler: Handler) -> None:
    handler.say(200, b"\x00\xff<html>\n" * 50)


def nothing_like_http(handler: Handler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")


def to(location: str) -> Page:
    return lambda handler: handler.say(302, Location=location)


def zeros(handler: Handler) -> None:
    handler.endless(b"\0" * MIB for _ in range(1024))


def announced(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(1 << 30))
    handler.head({})
    for _ in range(1024):
        handler.wfile.write(b"\0" * MIB)


def lines(handler: Handler) -> None:
    """Valid lines without end, each another VM."""
    line = b'scrooge_domain_vcpus{domain="%d",uuid=""} 2\n'
    handler.endless(
        b"".join(line % number for number in range(start, start + 9999))
        for start in range(0, 1 << 27, 9999)
    )


def crowded(handler: Handler) -> None:
    """All of it valid, of ten thousand VMs."""
    vms = tuple(f"vm-{number}" for number in range(10_000))
    handler.say(200, exposition(time.time(), handler.server.at, vms))


def packed_gibibyte(block: bytes) -> bytes:
    """A mebibyte and a few bytes that unpack to a gibibyte, or would, if they had an end."""
    packer = zlib.compressobj(9, wbits=-15)
    return (
        b"\x1f\x8b\x08"
        + 7 * b"\0"
        + 1024 * (packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH))
    )


def bomb(handler: Handler) -> None:
    handler.say(200, packed_gibibyte(b" " * MIB), Content_Encoding="gzip")


def bomb_of_lines(handler: Handler) -> None:
    handler.say(200, packed_gibibyte(b"scrooge_node_cpus 4\n" * 52_428), Content_Encoding="gzip")


def cut_gzip(handler: Handler) -> None:
    handler.say(200, gzip.compress(exposition(1.0, 1.0))[:-9], Content_Encoding="gzip")


def packed(handler: Handler) -> None:
    body = exposition(time.time(), handler.server.at)
    handler.say(200, gzip.compress(body), Content_Encoding="gzip")


def brotli(handler: Handler) -> None:
    handler.say(200, b"\x0b\x02\x80", Content_Encoding="br")


def dripping(handler: Handler) -> None:
    """A byte at a time, each soon after the one before."""
    handler.send_response(200)
    handler.head({})
    while not handler.server.ended.wait(0.02):
        handler.wfile.write(b"#")


def too_short(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", "100000")
    handler.head({})
    handler.wfile.write(exposition(1.0, 1.0))


def too_long(handler: Handler) -> None:
    """More than it announces: what comes after belongs to nothing."""
    body = exposition(time.time(), handler.server.at)
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.head({})
    handler.wfile.write(body + b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nbogus")


def closing(handler: Handler) -> None:
    del handler


def forgetful(handler: Handler) -> None:
    """Keeps the connection, and closes it when it is used again."""
    if getattr(handler, "answered", False):
        return
    handler.close_connection = False
    handler.answered = True  # type: ignore[attr-defined]  # lives as long as the connection
    body = exposition(time.time(), handler.server.at)
    handler.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


def an_hour_ahead(handler: Handler) -> None:
    handler.say(200, exposition(time.time() + 3600, handler.server.at))


def jumping(handler: Handler) -> None:
    """Its clock is set back an hour every third time."""
    back = 3600 * (handler.server.served["/jumping"] // 3)
    handler.say(200, exposition(time.time() - back, handler.server.at))


def cookies(handler: Handler) -> None:
    """Remembers nobody who asks, but asks everybody to remember it."""
    if handler.headers.get("Cookie"):
        handler.say(500)
        return
    handler.say(200, exposition(time.time(), handler.server.at), Set_Cookie="a=b")


def guarded(handler: Handler) -> None:
    given = handler.headers.get("Authorization", "")
    if given in ("Bearer tok3n", "Basic YW5uOnMzY3JldA=="):  # ann:s3cret
        good(handler)
    else:
        handler.say(401, b"who are you?")


PAGES: Mapping[str, Page] = {
    "/good": good,
    "/packed": packed,
    "/cookies": cookies,
    "/guarded": guarded,
    "/500": status(500),
    "/404": missing,
    "/204": lambda handler: handler.say(204),
    "/hanging": hanging,
    "/half-head": half_head,
    "/garbage": garbage,
    "/ssh": nothing_like_http,
    "/loop": to("/loop"),
    "/moved": to("/good"),
    "/elsewhere": to("http://127.0.0.2:9/metrics"),
    "/nowhere": to("http://[bad"),
    "/zeros": zeros,
    "/announced": announced,
    "/lines": lines,
    "/crowded": crowded,
    "/bomb": bomb,
    "/bomb-of-lines": bomb_of_lines,
    "/cut-gzip": cut_gzip,
    "/brotli": brotli,
    "/dripping": dripping,
    "/too-short": too_short,
    "/too-long": too_long,
    "/closing": closing,
    "/forgetful": forgetful,
    "/ahead": an_hour_ahead,
    "/jumping": jumping,
}  # fmt: skip
