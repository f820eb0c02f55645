"""Reads plain and compressed files, and JSON with the place of errors."""

import gzip
import json
import lzma
import zlib
from pathlib import Path

from scroogevm.errors import MissingExtraError, TraceError
from scroogevm.text import plain

_GZIP, _XZ, _ZSTD = b"\x1f\x8b", b"\xfd7zXZ\x00", b"\x28\xb5\x2f\xfd"


def read_bytes(path: Path) -> bytes:
    """The content of a file; gzip, xz and zstd are known by their first bytes, not by name.

    Raises:
        TraceError: it cannot be read, or is truncated.
        MissingExtraError: it is zstd and the library for that is not installed.
    """
    try:
        content = path.read_bytes()
        if content.startswith(_GZIP):
            return gzip.decompress(content)
        if content.startswith(_XZ):
            return lzma.decompress(content)
    except IsADirectoryError:
        raise TraceError("is a directory, not a trace", where=str(path)) from None
    except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
        raise TraceError(f"cannot be read: {plain(error)}", where=str(path)) from None
    return _zstd(path, content) if content.startswith(_ZSTD) else content


def _zstd(path: Path, content: bytes) -> bytes:
    try:
        import zstandard  # noqa: PLC0415  # an extra
    except ImportError:
        raise MissingExtraError("zstandard", "zstd", f"reading {path}") from None
    reader = zstandard.ZstdDecompressor().decompressobj()
    try:
        plain = reader.decompress(content)
    except zstandard.ZstdError as error:
        raise TraceError(f"cannot be read: {error}", where=str(path)) from None
    if not reader.eof:
        raise TraceError("cannot be read: it is truncated", where=str(path))
    return bytes(plain)


def may_be_json(path: Path) -> bool:
    """Whether a file begins with an object of JSON, or is compressed, judged by its first bytes."""
    try:
        with path.open("rb") as file:
            start = file.read(64)
    except OSError:
        return False
    return start.startswith((_GZIP, _XZ, _ZSTD)) or start.lstrip().startswith(b"{")


def not_json(path: Path, content: bytes) -> TraceError:
    """The error for content that the fast parser refused, with the place where it goes wrong."""
    try:
        json.loads(content, parse_constant=_refuse)
    except json.JSONDecodeError as error:
        problem = f"{error.msg}, line {error.lineno} column {error.colno}"
    except (ValueError, RecursionError) as error:
        problem = str(error)
    else:
        problem = "a number is too large, or a text is not Unicode"
    return TraceError(
        f"is not JSON: {problem}", where=str(path), remedy="is the file whole and plain JSON?"
    )


def _refuse(constant: str) -> float:
    raise ValueError(f"{constant} is not a JSON number; a missing sample is null")
