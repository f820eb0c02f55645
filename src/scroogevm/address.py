"""Reads the addresses where servers of this program listen."""

import socket
from ipaddress import ip_address
from typing import NamedTuple

from scroogevm.errors import MisuseError


class Address(NamedTuple):
    """Where a server listens.

    Attributes:
        family: of addresses.
        host: a number, not a name.
        port: 0 for any that is free.
    """

    family: socket.AddressFamily
    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return ip_address(self.host.partition("%")[0]).is_loopback

    @property
    def shown(self) -> str:
        """As it stands in a URL."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


def parse_address(text: str) -> Address:
    """The address of ``HOST:PORT`` or ``[HOST]:PORT``.

    >>> parse_address("localhost:19177").shown, parse_address("[::1]:0").shown
    ('127.0.0.1:19177', '[::1]:0')

    Raises:
        MisuseError: it is none.
    """
    host, colon, port = text.rpartition(":")
    name = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    name = "127.0.0.1" if name == "localhost" else name  # and not ::1 on some machines
    if not colon or not name or not (port.isascii() and port.isdecimal()) or int(port) > 65535:
        raise MisuseError(
            f"{text!r} is not an address", where="--listen", remedy="write HOST:PORT or [HOST]:PORT"
        )
    try:
        family, _, _, _, found = socket.getaddrinfo(name, int(port), type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError) as error:
        raise MisuseError(f"{name!r}: {error}", where="--listen") from None
    return Address(family, str(found[0]), int(port))
