"""A target: its URL and credentials."""

import ssl
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from scroogevm.errors import MisuseError
from scroogevm.secret import read_secret
from scroogevm.telemetry.dialect import Dialect


@dataclass(frozen=True)
class Trust:
    """Whom to trust, and what to show.

    Attributes:
        ca_file: certificates to trust instead of the system's; empty for those.
        cert_file: our own certificate, for servers that require one.
        key_file: its key, if it is in another file.
        stamps: when the files were changed, so that files that were renewed make another trust.
    """

    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    stamps: Sequence[int] = ()

    @classmethod
    def of(cls, ca_file: str = "", cert_file: str = "", key_file: str = "") -> "Trust":
        """Files as they are now.

        Raises:
            MisuseError: one is missing.
        """
        given = [path for path in (ca_file, cert_file, key_file) if path]
        try:
            stamps = tuple(Path(path).stat().st_mtime_ns for path in given)
        except OSError as error:
            raise MisuseError(
                f"cannot be read: {error.strerror}", where=str(error.filename)
            ) from None
        return cls(ca_file, cert_file, key_file, stamps)

    def context(self) -> ssl.SSLContext:
        """The TLS settings.

        Raises:
            MisuseError: the files hold nothing of the kind.
        """
        where = self.ca_file
        try:
            context = ssl.create_default_context(cafile=self.ca_file or None)
            if self.cert_file:
                where = self.cert_file
                # Without a password at hand the library would ask the terminal.
                context.load_cert_chain(self.cert_file, self.key_file or None, lambda: "")
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise MisuseError(f"cannot be used for TLS: {reason}", where=where) from None
        return context


@dataclass(frozen=True)
class Target:
    """One exporter.

    Attributes:
        url: without user and password.
        interval: seconds between scrapes; None for the interval that it announces.
        authorization: the header of that name, never shown; empty for none.
        trust: for TLS.
        dialects: that it may use, the most trusted one first.
    """

    url: str
    interval: float | None = None
    authorization: str = field(default="", repr=False)
    trust: Trust = field(default_factory=Trust)
    dialects: Sequence[Dialect] = ()

    @property
    def shown(self) -> str:
        """Its URL without what may be secret."""
        return urlsplit(self.url)._replace(query="", fragment="").geturl()


Nodes = Mapping[str, Sequence[Target]]
"""The targets of each node, by its name."""


def bearer(path: str) -> str:
    """The header that carries the token in a file.

    Raises:
        MisuseError: it cannot be read, or no header can carry it.
    """
    return f"Bearer {read_secret(path, token=True)}"


def basic(user: str, password: str) -> str:
    """The header that carries a user and a password."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode("ascii")
