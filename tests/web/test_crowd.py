"""Two thousand connections, slow readers and streams of events keep nobody out for long."""

import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import httpx
import pytest

from servers import wait
from web.serving import Served, serving

CROWD = 2000
HEAD = b"GET /api/v1/%s HTTP/1.1\r\nHost: localhost\r\n%s\r\n"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("crowd"), nodes=20) as found:
        yield found


def silent(one: socket.socket) -> None:
    """Says nothing."""
    del one


def unfinished(one: socket.socket) -> None:
    """Never ends its head."""
    one.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")


def asking(one: socket.socket) -> None:
    """Asks, and never reads the answer."""
    one.sendall(HEAD % (b"fleet", b""))


def following(one: socket.socket) -> None:
    """Follows the events, and never reads them."""
    one.sendall(HEAD % (b"events", b""))


@pytest.mark.parametrize(
    ("behaves", "meanwhile"),
    [
        (silent, {200}),
        (unfinished, {200}),
        (asking, {200, 503}),  # requests are bounded: whoever is one too many is told so
        (following, {200, 503}),
    ],
)
def test_others_are_served(
    served: Served, behaves: Callable[[socket.socket], None], meanwhile: set[int]
) -> None:
    place = ("127.0.0.1", int(served.address.rsplit(":", 1)[1].strip("/")))
    with ExitStack() as stack:
        refused = 0
        for _ in range(CROWD):
            try:
                one = stack.enter_context(socket.create_connection(place, timeout=10))
                behaves(one)
            except OSError:
                refused += 1
        assert refused < CROWD // 2

        def answered() -> bool:
            try:
                answer = httpx.get(f"{served.address}api/v1/nodes", timeout=10)
            except httpx.HTTPError:
                return False
            return answer.status_code in meanwhile

        wait(answered, "an answer to somebody else")

    def well() -> bool:
        try:
            return httpx.get(f"{served.address}api/v1/nodes", timeout=10).is_success
        except httpx.HTTPError:
            return False

    wait(well, "the crowd to be forgotten")
