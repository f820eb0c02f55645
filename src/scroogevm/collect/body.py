"""Reads and decompresses the body of an answer, up to a limit."""

import zlib

from scroogevm.collect.failure import ScrapeFailedError

_GZIP = 16 + zlib.MAX_WBITS


class Body:
    """Collects the pieces of an answer.

    Args:
        encoding: as the answer names it.
        limit: bytes that it may be, unpacked.

    Raises:
        ScrapeFailedError: it uses an encoding that was not requested.

    Attributes:
        size: bytes so far, unpacked.

    >>> body = Body("identity", 8)
    >>> body.add(b"up 1")
    >>> body.whole()
    b'up 1'
    """

    def __init__(self, encoding: str, limit: int) -> None:
        encoding = encoding.strip().lower()
        if encoding not in ("", "identity", "gzip", "x-gzip"):
            raise ScrapeFailedError.of(
                "protocol", f"uses an encoding that was not requested: {encoding[:40]}"
            )
        self._limit = limit
        self.size = 0
        self._pieces: list[bytes] = []
        self._unpacker = zlib.decompressobj(_GZIP) if "gzip" in encoding else None

    def add(self, piece: bytes) -> None:
        """Take the next piece.

        Raises:
            ScrapeFailedError: it is too much, or cannot be unpacked.
        """
        if self._unpacker is not None:
            try:
                piece = self._unpacker.decompress(piece, self._limit - self.size + 1)
            except zlib.error:
                raise ScrapeFailedError.of(
                    "protocol", "is not in the encoding that it declares"
                ) from None
        self.size += len(piece)
        if self.size > self._limit:
            raise too_large(self._limit)
        self._pieces.append(piece)

    def whole(self) -> bytes:
        """All pieces together.

        Raises:
            ScrapeFailedError: its end is missing.
        """
        if self._unpacker is not None and not self._unpacker.eof:
            raise ScrapeFailedError.of("protocol", "is incomplete")
        return b"".join(self._pieces)


def too_large(limit: int) -> ScrapeFailedError:
    """An answer of more than was allowed."""
    return ScrapeFailedError.of(
        "size", f"answers more than {limit / 2**20:g} MiB", "see --size-limit"
    )
