"""A server before a server, which lets some requests through and then does something else."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

import httpx


class Gate:
    """Passes requests on to a server, so many as it may.

    Attributes:
        left: requests that go through; the others wait until the gate is closed for ever, or are
            answered with ``refusal``.
        refusal: a status for those that do not go through; 0 to let them wait.
        reached: set once a request does not go through.
        refused: how many were answered so.
    """

    def __init__(self, url: str) -> None:
        self.behind = url
        self.left = 10**9
        self.refusal = 0
        self.refused = 0
        self.reached = threading.Event()
        self._over = threading.Event()
        self._lock = threading.Lock()
        gate = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                gate._answer(self, b"")

            def do_POST(self) -> None:
                gate._answer(self, self.rfile.read(int(self.headers.get("Content-Length", 0))))

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def _answer(self, request: BaseHTTPRequestHandler, body: bytes) -> None:
        with self._lock:
            self.left -= 1
            through = self.left >= 0
            self.refused += not through and self.refusal > 0
        if through:
            kind = request.headers.get("Content-Type", "")
            answer = httpx.request(
                request.command,
                self.behind + request.path,
                content=body,
                headers={"Content-Type": kind} if kind else {},
                timeout=60,
            )
            status, content = answer.status_code, answer.content
        else:
            self.reached.set()
            if not self.refusal:
                self._over.wait(60)
                return
            status, content = self.refusal, b"later"
        request.send_response(status)
        request.send_header("Content-Length", str(len(content)))
        request.end_headers()
        request.wfile.write(content)

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
