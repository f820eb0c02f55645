"""Base class of stores behind HTTP: address, credentials, certificates."""

import re
import ssl
from collections.abc import Iterable, Sequence
from dataclasses import MISSING, dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, ClassVar

import httpx

from scroogevm.errors import MisuseError
from scroogevm.ports import Store
from scroogevm.registry import parameter
from scroogevm.secret import read_secret
from scroogevm.stores._server.access import headers, headers_in, location
from scroogevm.stores._server.http import Http

_SECRET = re.compile("auth|cookie|token|key|secret|passw", re.IGNORECASE)


@dataclass(frozen=True)
class ServerStore(Store):
    """A store behind HTTP.

    Attributes:
        scheme: the word before a token in ``Authorization``.
        asked_in_location: names that are allowed after the ``?`` of a location.
    """

    location: str = parameter(MISSING, "URL of the server")
    user: str = parameter("", "user, for HTTP basic authentication")
    password_file: str = parameter("", "file with the user's password")
    token_file: str = parameter("", "file with a token, instead of user and password")
    ca_file: str = parameter("", "certificates to trust instead of the system's, in PEM")
    headers: str = parameter("", "more headers: NAME: VALUE; NAME: VALUE")
    headers_file: str = parameter("", "file of more headers, for secrets, a line for each")
    timeout: float = parameter(30.0, "time limit of a request, s", low=0.1, high=3600.0)

    scheme: ClassVar[str] = "Bearer"
    asked_in_location: ClassVar[Sequence[str]] = ()

    def __post_init__(self) -> None:
        """Check what can be checked without a server.

        Raises:
            MisuseError: the location is not a URL, or the credentials make no sense.
        """
        super().__post_init__()
        _ = self._url
        if bool(self.user) != bool(self.password_file):
            raise MisuseError("user and password_file need each other", where=self.location)
        if self.user and self.token_file:
            raise MisuseError("a user and a token exclude each other", where=self.location)
        _ = self._further

    def __getstate__(self) -> dict[str, Any]:
        """A pickled store has no connections; another process opens new ones."""
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
        return location(self.location, self.asked_in_location)

    @cached_property
    def _further(self) -> dict[str, str]:
        pairs = headers(filter(str.strip, self.headers.split(";")), "headers")
        for name in pairs:
            if _SECRET.search(name):
                raise MisuseError(
                    f"{name} is a secret, and everybody can read an option",
                    where="headers",
                    remedy="give headers_file, or token_file",
                )
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
        hidden = headers_in(self.headers_file)
        sent = {**self._further, **hidden}
        secret = ""
        if self.user:
            secret = read_secret(self.password_file)
            basic = httpx.BasicAuth(self.user, secret)
            request = next(basic.auth_flow(httpx.Request("GET", self.base)))
            sent["Authorization"] = request.headers["Authorization"]
        elif self.token_file:
            secret = read_secret(self.token_file, token=True)
            sent["Authorization"] = f"{self.scheme} {secret}"
        return Http(
            url,
            headers=sent,
            secrets=[secret, *hidden.values()],
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
                f"contains no certificates: {error.strerror or error}", where=self.ca_file
            ) from None


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
    """The quantities that exist, in their order, each once."""
    known = set(known)
    return [name for name in dict.fromkeys(quantities) if name in known]
