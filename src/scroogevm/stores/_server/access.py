"""The location and credentials of a server, checked before anything is sent."""

from collections.abc import Iterable, Sequence

import httpx

from scroogevm.errors import MisuseError
from scroogevm.secret import read_secrets


def location(text: str, asked: Sequence[str] = ()) -> httpx.URL:
    """The URL of a server.

    Args:
        text: as a user wrote it.
        asked: names that are allowed after its ``?``.

    Raises:
        MisuseError: it is not a valid URL, or contains a secret, which is not shown.
    """
    try:
        url = httpx.URL(text)
        userinfo = url.userinfo
    except (httpx.InvalidURL, ValueError):
        raise MisuseError("the location is not a URL", remedy="KIND:http://HOST:PORT/...") from None
    if userinfo:
        raise MisuseError(
            "a URL must not contain a password",
            where=str(url.copy_with(userinfo=b"")),
            remedy="give user and password_file",
        )
    bare = str(url.copy_with(query=None, fragment=None))
    if url.scheme not in ("http", "https") or not url.host or not 0 < (url.port or 1) < 65536:
        raise MisuseError(
            f"{bare!r} is not the location of a server", remedy="http://HOST:PORT/..."
        )
    for name in url.params:
        if name not in asked:
            raise MisuseError(
                f"asks for {name!r}, which is not sent",
                where=bare,
                remedy="leave it out; put a secret into a file: token_file or password_file",
            )
    return url


def headers(items: Iterable[str], where: str) -> dict[str, str]:
    """Headers as ``NAME: VALUE``.

    Raises:
        MisuseError: one is something else.
    """
    pairs = {}
    for item in items:
        name, colon, value = (part.strip() for part in item.partition(":"))
        if not (colon and name and _sendable(name + value)):
            raise MisuseError("headers must have the form NAME: VALUE; NAME: VALUE", where=where)
        pairs[name] = value
    return pairs


def headers_in(path: str) -> dict[str, str]:
    """Headers that a file holds, one a line; none without a file.

    Raises:
        MisuseError: it cannot be read, or holds something else.
    """
    return headers(filter(str.strip, read_secrets(path).splitlines()), path) if path else {}


def _sendable(text: str) -> bool:
    return all(c.isprintable() for c in text) and text.isascii()
