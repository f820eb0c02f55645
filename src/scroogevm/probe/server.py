"""Serves the values over HTTP."""

import gzip
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import BoundedSemaphore, Lock, Thread
from typing import Any, NamedTuple

from scroogevm.probe.access import ServerAccess, Token
from scroogevm.probe.exposition import OPENMETRICS, TEXT
from scroogevm.probe.negotiation import takes_gzip, wants_openmetrics

AT_ONCE = 16
"""Connections that are listened to at once; others are closed."""

SECONDS = 15.0
"""How long a connection may last."""

PAUSE = 0.5
"""Seconds between looks at those that last too long, and at whether to stop."""

_INDEX = b"ScroogeVM probe: the numbers are under /metrics\n"

Page = Callable[[bool], str]
"""Says the numbers, as OpenMetrics or not."""


class Served(NamedTuple):
    """What a server serves.

    Attributes:
        page: says the numbers.
        token: what whoever asks has to know, if anything.
        openmetrics: whether the page has that form as well.
    """

    page: Page
    token: Token | None = None
    openmetrics: bool = True


class Server(ThreadingHTTPServer):
    """Answers ``GET /metrics``.

    Args:
        access: where, and for whom.
        page: says the numbers, as OpenMetrics or not.
        openmetrics: whether it has that form.

    Raises:
        ProbeError: nobody can listen there.
        MisuseError: the certificate cannot be used.
    """

    daemon_threads = True
    block_on_close = False
    request_queue_size = 32

    def __init__(self, access: ServerAccess, page: Page, *, openmetrics: bool = True) -> None:
        self.served = Served(page, access.token, openmetrics)
        self._context = access.certificate.context() if access.certificate else None
        self._access = access
        self._free = BoundedSemaphore(AT_ONCE)
        self._open: dict[socket.socket, float] = {}
        self._lock = Lock()
        self.address_family = access.address.family
        try:
            super().__init__((access.address.host, access.address.port), Handler)
        except OSError as error:
            raise access.unreachable(error) from None

    @property
    def url(self) -> str:
        """Where the numbers are."""
        port = int(self.server_address[1])
        scheme = "https" if self._context else "http"
        return f"{scheme}://{self._access.address._replace(port=port).shown}/metrics"

    def server_bind(self) -> None:
        """Bind; the original then asks for a name of the address, which may take long."""
        if self.allow_reuse_address:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), self.server_address[1]

    def start(self) -> None:
        """Serve in a thread until ``stop``."""
        serve = partial(self.serve_forever, PAUSE)
        Thread(target=serve, name="probe: server", daemon=True).start()

    def stop(self) -> None:
        """Serve no more."""
        self.shutdown()
        self.server_close()

    def reload(self) -> None:
        """Read token and certificate again.

        Raises:
            MisuseError: they make no sense; the old ones stay.
        """
        if self.served.token:
            self.served.token.reload()
        if self._context and self._access.certificate:
            self._access.certificate.load_into(self._context)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Listen to a connection in a thread, if there are not too many of them."""
        if not self._free.acquire(blocking=False):
            self.shutdown_request(request)
            return
        with self._lock:
            self._open[request] = time.monotonic()
        try:
            super().process_request(request, client_address)
        except RuntimeError:  # no thread can be started
            self._forget(request)
            raise

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Listen to a connection; its handshake, too, must not keep others waiting."""
        try:
            request.settimeout(SECONDS)
            if self._context:
                secured = self._context.wrap_socket(
                    request, server_side=True, do_handshake_on_connect=False
                )
                self._watch_instead(request, secured)
                request = secured
                secured.do_handshake()
            self.finish_request(request, client_address)
        except OSError:
            pass  # whoever it was hung up, or does not speak TLS
        finally:
            self.shutdown_request(request)
            self._forget(request)

    def _forget(self, request: Any) -> None:
        with self._lock:
            self._open.pop(request, None)
        self._free.release()

    def _watch_instead(self, old: socket.socket, new: socket.socket) -> None:
        with self._lock:
            self._open[new] = self._open.pop(old, time.monotonic())

    def service_actions(self) -> None:
        """Cut what lasts too long, however lively it is."""
        super().service_actions()
        latest = time.monotonic() - SECONDS
        with self._lock:
            late = [each for each, began in self._open.items() if began < latest]
        for each in late:
            with suppress(OSError):
                socket.socket.shutdown(each, socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Somebody hung up, or sent what is no request: nothing to be said about that."""


class Handler(BaseHTTPRequestHandler):
    """Answers one request."""

    server: Server
    server_version = "scroogevm-probe"
    sys_version = ""
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        """Say the numbers."""
        self._answer()

    def do_HEAD(self) -> None:
        """Say how many they would be."""
        self._answer()

    def _answer(self) -> None:
        served = self.server.served
        path = self.path.partition("?")[0]
        if served.token and not served.token.admits(self.headers.get("Authorization")):
            self._send(HTTPStatus.UNAUTHORIZED, b"a token is needed\n", challenge=True)
        elif path == "/metrics":
            openmetrics = served.openmetrics and wants_openmetrics(self.headers.get("Accept", ""))
            self._send(HTTPStatus.OK, self._page(openmetrics), OPENMETRICS if openmetrics else TEXT)
        elif path == "/":
            self._send(HTTPStatus.OK, _INDEX)
        else:
            self._send(HTTPStatus.NOT_FOUND, b"not here: /metrics\n")

    def _page(self, openmetrics: bool) -> bytes:  # noqa: FBT001  # as the page has it
        try:
            return self.server.served.page(openmetrics).encode("utf-8")
        except Exception as error:
            # Whoever asks has to see that it failed, and whoever runs it why: an OSError would be
            # taken for a client that hung up.
            self._send(HTTPStatus.INTERNAL_SERVER_ERROR, b"the numbers cannot be read\n")
            raise RuntimeError("the numbers cannot be read") from error

    def _send(
        self,
        status: HTTPStatus,
        body: bytes,
        kind: str = "text/plain; charset=utf-8",
        *,
        challenge: bool = False,
    ) -> None:
        packed = len(body) > 1000 and takes_gzip(self.headers.get("Accept-Encoding", ""))
        if packed:
            body = gzip.compress(body, compresslevel=1, mtime=0)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Connection", "close")  # a thread that waits is one that others lack
        if packed:
            self.send_header("Content-Encoding", "gzip")
        if challenge:
            self.send_header("WWW-Authenticate", "Bearer")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the original's name
        """Requests are not written down."""
