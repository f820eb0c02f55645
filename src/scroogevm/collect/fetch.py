"""Fetches an exporter's answer, within limits of time and memory."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import AsyncExitStack
from types import TracebackType
from typing import Self

import httpx

from scroogevm import __version__
from scroogevm.collect.body import Body, too_large
from scroogevm.collect.failure import ScrapeFailedError
from scroogevm.collect.target import Target

REDIRECTS = 2
"""Largest number of redirects to the exporter itself."""

LARGE = 2 << 20
"""Bytes of a body that is held only by a few at the same time."""

FEW = 2
"""Largest number of answers at a time, which limits the memory for all exporters."""

_HEADERS = {
    "Accept": "text/plain;version=0.0.4,*/*;q=0.1",
    "Accept-Encoding": "gzip",
    "User-Agent": f"scroogevm/{__version__}",
}


class Fetcher:
    """One exporter, over one connection that is kept where the exporter keeps it.

    A client would remember cookies and follow wherever it is sent, so this speaks to the transport.

    Args:
        target: which.
        context: for TLS.
        limit: bytes of a body.
        few: shared by all that may hold a large body.
    """

    def __init__(
        self, target: Target, context: ssl.SSLContext, limit: int, few: asyncio.Semaphore
    ) -> None:
        self._few = few
        self._kept = False
        self._url = httpx.URL(target.url)
        self._limit = limit
        self._headers = dict(_HEADERS)
        if target.authorization:
            self._headers["Authorization"] = target.authorization
        self._transport = httpx.AsyncHTTPTransport(
            verify=context,
            trust_env=False,
            limits=httpx.Limits(
                max_connections=2, max_keepalive_connections=1, keepalive_expiry=None
            ),
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None = None,
        error: BaseException | None = None,
        trace: TracebackType | None = None,
    ) -> None:
        await self._transport.aclose()

    async def fetch(self, seconds: float, held: AsyncExitStack) -> bytes:
        """Its answer.

        Args:
            seconds: in which the answer must be here, whole.
            held: takes the resources that are released after the answer was used.

        Raises:
            ScrapeFailedError: it is not, or is none.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._follow(held)
        except TimeoutError:
            raise ScrapeFailedError.of("timeout", f"no answer within {seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ScrapeFailedError.of_error(error, self._url.host) from None

    async def _follow(self, held: AsyncExitStack) -> bytes:
        url = self._url
        for _ in range(REDIRECTS + 1):
            answer = await self._ask(url, held)
            if isinstance(answer, bytes):
                return answer
            url = answer
        raise ScrapeFailedError.of("redirect", f"redirects more than {REDIRECTS} times")

    async def _ask(self, url: httpx.URL, held: AsyncExitStack) -> bytes | httpx.URL:
        """The answer of a URL, or the address that it redirects to."""
        response = await self._send(httpx.Request("GET", url, headers=self._headers))
        try:
            if response.has_redirect_location:
                return self._sent(url, response.headers["location"])
            _check(response.status_code)
            return await self._body(response, held)
        finally:
            await response.aclose()

    async def _send(self, request: httpx.Request) -> httpx.Response:
        """Send; once more where a connection that was kept turns out to be closed meanwhile."""
        kept, self._kept = self._kept, False
        try:
            response = await self._transport.handle_async_request(request)
        except (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError):
            if not kept:
                raise
            response = await self._transport.handle_async_request(request)
        self._kept = True
        return response

    async def _body(self, response: httpx.Response, held: AsyncExitStack) -> bytes:
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and len(announced) < 20 and int(announced) > self._limit:
            raise too_large(self._limit)
        body = Body(_encoding(response.headers), self._limit)
        large = False
        async for piece in response.aiter_raw():
            body.add(piece)
            if body.size > LARGE and not large:
                await held.enter_async_context(self._few)
                large = True
        return body.whole()

    def _sent(self, url: httpx.URL, location: str) -> httpx.URL:
        """The address of a redirect; a token must not be sent to another host."""
        sent = url.join(location)
        if (sent.scheme, sent.host, sent.port) != (url.scheme, url.host, url.port):
            place = f"{sent.scheme}://{sent.host}" + (f":{sent.port}" if sent.port else "")
            raise ScrapeFailedError.of(
                "redirect",
                f"redirects to {place[:100]}",
                "if this is right, use that address as the target",
            )
        return sent


def _encoding(headers: Mapping[str, str]) -> str:
    return headers.get("content-encoding", "")


def _check(status: int) -> None:
    if status in (401, 403):
        remedy = "give a token-file, or user and password-file"
        raise ScrapeFailedError.of("credentials", f"refuses access: {status}", remedy)
    if status != httpx.codes.OK:
        raise ScrapeFailedError.of("status", f"answers {status}")
