"""Asks an exporter: whatever it answers, it takes no more time and memory than allowed."""

import asyncio
import ssl
from collections.abc import Mapping
from types import TracebackType
from typing import Self

import httpx

from scroogevm import __version__
from scroogevm.collect.body import Body, too_large
from scroogevm.collect.failure import ScrapeFailedError
from scroogevm.collect.target import Target

REDIRECTS = 2
"""How often an exporter may send elsewhere on itself."""

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
    """

    def __init__(self, target: Target, context: ssl.SSLContext, limit: int) -> None:
        self._url = httpx.URL(target.url)
        self._limit = limit
        self._headers = dict(_HEADERS)
        if target.authorization:
            self._headers["Authorization"] = target.authorization
        self._transport = httpx.AsyncHTTPTransport(
            verify=context,
            trust_env=False,
            limits=httpx.Limits(max_connections=2, max_keepalive_connections=1),
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

    async def fetch(self, seconds: float) -> bytes:
        """What it answers.

        Args:
            seconds: in which the answer must be here, whole.

        Raises:
            ScrapeFailedError: it is not, or is none.
        """
        try:
            async with asyncio.timeout(seconds):
                return await self._follow()
        except TimeoutError:
            raise ScrapeFailedError.of("timeout", f"no answer within {seconds:g} s") from None
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ScrapeFailedError.of_error(error) from None

    async def _follow(self) -> bytes:
        url = self._url
        for _ in range(REDIRECTS + 1):
            answer = await self._ask(url)
            if isinstance(answer, bytes):
                return answer
            url = answer
        raise ScrapeFailedError.of("redirect", f"sends elsewhere more than {REDIRECTS} times")

    async def _ask(self, url: httpx.URL) -> bytes | httpx.URL:
        """What a URL answers, or where it sends."""
        request = httpx.Request("GET", url, headers=self._headers)
        response = await self._transport.handle_async_request(request)
        try:
            if response.has_redirect_location:
                return self._sent(url, response.headers["location"])
            _check(response.status_code)
            return await self._body(response)
        finally:
            await response.aclose()

    async def _body(self, response: httpx.Response) -> bytes:
        announced = response.headers.get("content-length", "")
        if announced.isdecimal() and len(announced) < 20 and int(announced) > self._limit:
            raise too_large(self._limit)
        body = Body(_encoding(response.headers), self._limit)
        async for piece in response.aiter_raw():
            body.add(piece)
        return body.whole()

    def _sent(self, url: httpx.URL, location: str) -> httpx.URL:
        """Where it sends; a token must not go to anybody else."""
        sent = url.join(location)
        if (sent.scheme, sent.host, sent.port) != (url.scheme, url.host, url.port):
            place = f"{sent.scheme}://{sent.host}" + (f":{sent.port}" if sent.port else "")
            raise ScrapeFailedError.of(
                "redirect", f"sends to {place[:100]}", "if that is meant, give its address"
            )
        return sent


def _encoding(headers: Mapping[str, str]) -> str:
    return headers.get("content-encoding", "")


def _check(status: int) -> None:
    if status in (401, 403):
        remedy = "give a token-file, or user and password-file"
        raise ScrapeFailedError.of("credentials", f"refuses us: {status}", remedy)
    if status != httpx.codes.OK:
        raise ScrapeFailedError.of("status", f"answers {status}")
