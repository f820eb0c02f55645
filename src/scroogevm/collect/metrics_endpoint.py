"""Serves the collector's own metrics to this machine."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from ipaddress import ip_address

from scroogevm.errors import MisuseError, OutputError
from scroogevm.text import plain

_SECONDS = 5.0
_LONGEST = 8 << 10


def parse_listen(text: str) -> tuple[str, int]:
    """Host and port of ``HOST:PORT``.

    >>> parse_listen("127.0.0.1:19178"), parse_listen("[::1]:0")
    (('127.0.0.1', 19178), ('::1', 0))

    Raises:
        MisuseError: it is none, or other machines would reach it.
    """
    host, _, port = text.rpartition(":")
    host = "127.0.0.1" if host == "localhost" else host.removeprefix("[").removesuffix("]")
    try:
        loopback = ip_address(host).is_loopback
        number = int(port) if port.isascii() and port.isdecimal() else -1
    except ValueError:
        loopback, number = False, -1
    if not loopback or not 0 <= number < 65536:
        raise MisuseError(
            f"{text!r} is not a loopback address",
            where="--listen",
            remedy="write 127.0.0.1:PORT",
        )
    return host, number


async def serve(address: tuple[str, int], page: Callable[[], str]) -> asyncio.Server:
    """Answer ``GET /metrics``.

    Raises:
        OutputError: nobody can listen there.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(_answer(head, page))
                await writer.drain()
        writer.close()

    try:
        return await asyncio.start_server(answer, *address, limit=_LONGEST)
    except OSError as error:
        raise OutputError(
            f"cannot listen: {plain(error)}", where=f"{address[0]}:{address[1]}"
        ) from None


def _answer(head: bytes, page: Callable[[], str]) -> bytes:
    method, _, rest = head.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if method not in (b"GET", b"HEAD"):
        status, body = "405 Method Not Allowed", b"only GET\n"
    elif path != b"/metrics":
        status, body = "404 Not Found", b"not here: /metrics\n"
    else:
        status, body = "200 OK", page().encode("utf-8", "replace")
    fields = [
        f"HTTP/1.1 {status}",
        "Content-Type: text/plain; version=0.0.4; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    sent = b"" if method == b"HEAD" else body
    return "\r\n".join([*fields, "", ""]).encode("ascii") + sent
