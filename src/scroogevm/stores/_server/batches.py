"""Groups lines that are sent to a server together."""

from collections.abc import Callable, Iterable, Iterator

from scroogevm.stores._server.http import RefusalError

BYTES = 4 << 20
"""In one request: a server that waits for its disk waits once for all nodes of a fleet, and the
least that servers take by themselves, 10 MB, is not reached.
"""

_TOO_LARGE = 413


def send(lines: Iterable[str], post: Callable[[bytes], object]) -> None:
    """Send lines; a request that is refused as too large is sent in halves.

    Raises:
        RefusalError: something else is wrong with them, or one line is too large.
    """
    for batch in _batches(lines):
        _send(batch, post)


def _send(batch: list[bytes], post: Callable[[bytes], object]) -> None:
    try:
        post(b"\n".join(batch))
    except RefusalError as error:
        middle = len(batch) // 2
        if error.status != _TOO_LARGE or not middle:
            raise
        _send(batch[:middle], post)
        _send(batch[middle:], post)


def _batches(lines: Iterable[str]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    for line in lines:
        content = line.encode()
        if batch and size + len(content) > BYTES:
            yield batch
            batch, size = [], 0
        batch.append(content)
        size += len(content) + 1
    if batch:
        yield batch
