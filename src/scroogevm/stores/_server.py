"""What stores that are servers have in common: an address, credentials, trust."""

import ssl
from collections.abc import Iterable
from dataclasses import MISSING, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import httpx

from scroogevm.errors import MisuseError
from scroogevm.ports import Store
from scroogevm.registry import parameter
from scroogevm.stores._http import Http


@dataclass(frozen=True)
class ServerStore(Store):
    """A store behind HTTP.

    Attributes:
        scheme: the word before a token in ``Authorization``.
    """

    location: str = parameter(MISSING, "URL of the server")
    user: str = parameter("", "user, for HTTP basic authentication")
    password_file: str = parameter("", "file that holds the user's password")
    token_file: str = parameter("", "file that holds a token, instead of user and password")
    ca_file: str = parameter("", "certificates to trust instead of the system's, in PEM")
    headers: str = parameter("", "further headers: NAME: VALUE; NAME: VALUE")
    timeout: float = parameter(30.0, "seconds in which a request is answered", low=0.1, high=3600.0)

    scheme: ClassVar[str] = "Bearer"

    def __post_init__(self) -> None:
        """Check what can be checked without a server.

        Raises:
            MisuseError: the location is no URL, or the credentials make no sense.
        """
        super().__post_init__()
        url = self._url
        if url.scheme not in ("http", "https") or not url.host or not 0 < (url.port or 1) < 65536:
            raise MisuseError(
                f"{self.location!r} is no location of a server", remedy="http://HOST:PORT/..."
            )
        if bool(self.user) != bool(self.password_file):
            raise MisuseError("user and password_file go together", where=self.location)
        if self.user and self.token_file:
            raise MisuseError("a user and a token are too many", where=self.location)
        _ = self._further

    def __getstate__(self) -> dict[str, Any]:
        """Connections stay where they are, whoever takes the store along opens new ones."""
        kept = type(self).__dataclass_fields__
        return {name: value for name, value in self.__dict__.items() if name in kept}

    def close(self) -> None:
        """End all connections."""
        for name, value in list(self.__dict__.items()):
            if isinstance(value, Http):
                del self.__dict__[name]
                value.close()

    @property
    def base(self) -> str:
        """The URL that paths of requests are joined to."""
        return str(self._url.copy_with(query=None, fragment=None))

    @cached_property
    def _url(self) -> httpx.URL:
        try:
            url = httpx.URL(self.location)
            userinfo = url.userinfo
        except (httpx.InvalidURL, ValueError):
            raise MisuseError(
                "the location is no URL", remedy="KIND:http://HOST:PORT/..."
            ) from None
        if userinfo:
            raise MisuseError(
                "a URL is no place for a password",
                where=str(url.copy_with(userinfo=b"")),
                remedy="give user and password_file",
            )
        return url

    @cached_property
    def _further(self) -> dict[str, str]:
        pairs = {}
        for item in filter(str.strip, self.headers.split(";")):
            name, colon, value = (part.strip() for part in item.partition(":"))
            if not (colon and name and _sendable(name + value)):
                raise MisuseError("headers are written NAME: VALUE; NAME: VALUE", where="headers")
            pairs[name] = value
        return pairs

    @cached_property
    def http(self) -> Http:
        """The server, from the first request on.

        Raises:
            MisuseError: a file of a secret or certificate cannot be read.
        """
        return self.connected(self.base)

    def connected(self, url: str) -> Http:
        """A server that takes these credentials."""
        headers = dict(self._further)
        secret = _secret(self.password_file or self.token_file)
        if self.user:
            basic = httpx.BasicAuth(self.user, secret)
            request = next(basic.auth_flow(httpx.Request("GET", self.base)))
            headers["Authorization"] = request.headers["Authorization"]
        elif secret:
            headers["Authorization"] = f"{self.scheme} {secret}"
        return Http(
            url,
            headers=headers,
            secret=secret,
            context=self._trust(),
            timeout=self.timeout,
        )

    def _trust(self) -> ssl.SSLContext | bool:
        if self._url.scheme != "https":
            return False
        try:
            return ssl.create_default_context(cafile=self.ca_file or None)
        except (OSError, ssl.SSLError) as error:
            raise MisuseError(
                f"holds no certificates: {error.strerror or error}", where=self.ca_file
            ) from None


def _secret(path: str) -> str:
    """What a file holds, without the line's end."""
    if not path:
        return ""
    try:
        secret = Path(path).read_text(encoding="utf-8").strip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise MisuseError(f"the secret cannot be read: {reason}", where=path) from None
    if not secret or not _sendable(secret):
        raise MisuseError("holds no secret on one line", where=path)
    return secret


def _sendable(text: str) -> bool:
    return all(c.isprintable() for c in text) and text.isascii()


def milliseconds(time: float) -> int:
    """A time in the precision of these servers.

    Bounds are rounded as the times of samples are, so that times which meet at a bound share none.
    """
    return round(time * 1000)


def about(node: str, since: int, until: int) -> str:
    """A node and a time, in milliseconds, as messages name them."""
    return f"{node}, {_moment(since)} to {_moment(until)}"


def _moment(time: int) -> str:
    try:
        return f"{datetime.fromtimestamp(time / 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):
        return f"{time / 1000:g} s"


def wanted(quantities: Iterable[str], known: Iterable[str]) -> list[str]:
    """Those of the quantities that there are, in their order, each once."""
    known = set(known)
    return [name for name in dict.fromkeys(quantities) if name in known]
