"""Limits the size, time and number of requests."""

import asyncio
from collections import OrderedDict
from contextlib import suppress
from typing import Any, ClassVar

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.h11_impl import H11Protocol

from scroogevm.web.pages import HEADERS
from scroogevm.web.problem import problem

LONGEST_BODY = 8 << 10
"""Bytes of a request's body."""
LONGEST_ANSWER = 60.0
"""Seconds until an answer has to be sent; streams of events have no end."""
FIRST_REQUEST = 10.0
"""Seconds until a connection has to have sent a whole head of a request."""
MOST_IDLE = 256
"""Connections that have not sent one yet; the oldest has to go when another one comes."""
MOST_AT_ONCE = 512
"""Connections that are served."""


class Bounded:
    """Refuses large bodies, ends slow answers, and sends the headers of safety with each.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, refused = 0, False

        async def counted() -> Message:
            nonlocal body, refused
            message = await receive()
            body += len(message.get("body", b""))
            if body > LONGEST_BODY:
                answer = problem(413, f"A request has at most {LONGEST_BODY} bytes.")
                await answer(scope, receive, with_headers)
                refused = True
                raise _TooLargeError
            return message

        async def with_headers(message: Message) -> None:
            if refused:
                return
            if message["type"] == "http.response.start":
                more = [(name.lower().encode(), text.encode()) for name, text in HEADERS.items()]
                message = {**message, "headers": [*message["headers"], *more]}
            await send(message)

        seconds = None if scope["path"] == "/api/v1/events" else LONGEST_ANSWER
        with suppress(_TooLargeError, TimeoutError):
            async with asyncio.timeout(seconds):
                await self._app(scope, counted, with_headers)


class _TooLargeError(Exception):
    """A body is too large."""


class PatientProtocol(H11Protocol):
    """Closes connections that send no request, so that they do not block others."""

    _idle: ClassVar["OrderedDict[PatientProtocol, None]"] = OrderedDict()

    def connection_made(self, transport: Any) -> None:
        """Begin to wait for a request; the one that waits longest goes where too many do."""
        super().connection_made(transport)
        if len(self._idle) >= MOST_IDLE:
            oldest, _ = self._idle.popitem(last=False)
            oldest.transport.abort()
        self._idle[self] = None
        self._patience = self.loop.call_later(FIRST_REQUEST, self._lose_patience)

    def connection_lost(self, exc: Exception | None) -> None:
        """It is over."""
        self._idle.pop(self, None)
        self._patience.cancel()
        super().connection_lost(exc)

    def handle_events(self) -> None:
        """Something came: a request, perhaps."""
        super().handle_events()
        if self.asked:
            self._idle.pop(self, None)
            self._patience.cancel()

    def _lose_patience(self) -> None:
        self._idle.pop(self, None)
        if not self.asked:
            self.transport.abort()

    @property
    def asked(self) -> bool:
        """Whether a request came."""
        return getattr(self, "cycle", None) is not None
