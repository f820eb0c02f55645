"""Serves the collector's own metrics to this machine."""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from prometheus_client.core import Metric

from scroogevm.address import Address, parse_address
from scroogevm.errors import MisuseError, OutputError
from scroogevm.own_metrics import exposition
from scroogevm.text import plain

_SECONDS = 5.0
_LONGEST = 8 << 10


def local_address(text: str) -> Address:
    """The address of ``HOST:PORT``, which only this machine can reach.

    Raises:
        MisuseError: it is none, or other machines would reach it.
    """
    address = parse_address(text)
    if not address.is_loopback:
        raise MisuseError(
            f"{text!r} is not a loopback address",
            where="--listen",
            remedy="write 127.0.0.1:PORT",
        )
    return address


async def serve(address: Address, metrics: Callable[[], Sequence[Metric]]) -> asyncio.Server:
    """Answer ``GET /metrics``.

    Args:
        address: where.
        metrics: gives them as they are now.

    Raises:
        OutputError: nobody can listen there.
    """

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, ValueError, TimeoutError, asyncio.IncompleteReadError):
            async with asyncio.timeout(_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await _answer(head, metrics))
                await writer.drain()
        writer.close()

    try:
        return await asyncio.start_server(answer, address.host, address.port, limit=_LONGEST)
    except OSError as error:
        raise OutputError(f"cannot listen: {plain(error)}", where=address.shown) from None


async def _answer(head: bytes, metrics: Callable[[], Sequence[Metric]]) -> bytes:
    method, _, rest = head.partition(b" ")
    path = rest.partition(b" ")[0].partition(b"?")[0]
    if method not in (b"GET", b"HEAD"):
        status, body = "405 Method Not Allowed", b"only GET\n"
    elif path != b"/metrics":
        status, body = "404 Not Found", b"not here: /metrics\n"
    else:
        # Of thousands of nodes it is long, and must not keep their scrapes waiting.
        text = await asyncio.to_thread(exposition, metrics())
        status, body = "200 OK", text.encode("utf-8", "replace")
    fields = [
        f"HTTP/1.1 {status}",
        "Content-Type: text/plain; version=0.0.4; charset=utf-8",
        f"Content-Length: {len(body)}",
        "Connection: close",
    ]
    sent = b"" if method == b"HEAD" else body
    return "\r\n".join([*fields, "", ""]).encode("ascii") + sent
