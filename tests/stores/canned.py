"""A server on loopback that answers what a test tells it to."""

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """A request."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True)
class Said:
    """An answer; a body in blocks is sent without a length."""

    status: int = 200
    body: bytes | Iterable[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Canned:
    """Such a server.

    Attributes:
        url: where it answers.
        asked: all requests so far.
    """

    url: str
    asked: list[Asked]


@contextmanager
def canned(answer: Callable[[Asked], Said]) -> Iterator[Canned]:
    """A server that answers with a function of the request."""
    asked: list[Asked] = []

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            parts = urlsplit(self.path)
            form = body.decode() if "form" in self.headers.get("Content-Type", "") else ""
            params = {**parse_qs(parts.query), **parse_qs(form)}
            request = Asked(
                self.command,
                parts.path,
                {name: values[0] for name, values in params.items()},
                dict(self.headers),
                body,
            )
            asked.append(request)
            said = answer(request)
            self.send_response(said.status)
            for name, value in said.headers.items():
                self.send_header(name, value)
            whole = isinstance(said.body, bytes) and "Content-Length" not in said.headers
            blocks = [said.body] if isinstance(said.body, bytes) else said.body
            if isinstance(said.body, bytes) and "Content-Length" not in said.headers:
                self.send_header("Content-Length", str(len(said.body)))
            self.end_headers()
            try:
                for block in blocks:
                    self.wfile.write(block)
            except OSError:  # whoever asked has heard enough
                whole = False
            self.close_connection = not whole

        do_GET = do_POST = _answer  # noqa: N815  # as http.server wants them

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield Canned(f"http://127.0.0.1:{server.server_port}", asked)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
