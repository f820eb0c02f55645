"""Certificates and tokens of the probe's server, and who may reach it."""

import hmac
import ssl
from dataclasses import dataclass
from pathlib import Path

from scroogevm.address import Address
from scroogevm.errors import MisuseError, ProbeError
from scroogevm.secret import read_secret
from scroogevm.text import plain


class Token:
    """A secret that whoever asks has to know. It is never shown.

    Args:
        path: a file with the secret alone.

    Raises:
        MisuseError: it cannot be read, or is empty, or no header can carry it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._expected = self._load()

    def _load(self) -> bytes:
        return read_secret(self._path, token=True, where=f"--token-file {self._path}").encode()

    def reload(self) -> None:
        """Read the file again.

        Raises:
            MisuseError: it makes no sense; the old secret stays.
        """
        self._expected = self._load()

    def admits(self, header: str | None) -> bool:
        """Whether a request's ``Authorization`` is right; how long it takes tells nothing."""
        scheme, _, said = (header or "").partition(" ")
        right = hmac.compare_digest(said.strip().encode("utf-8", "replace"), self._expected)
        return right and scheme.lower() == "bearer"

    def __repr__(self) -> str:
        return f"Token({str(self._path)!r})"


@dataclass(frozen=True)
class Certificate:
    """What the server shows of itself.

    Attributes:
        certificate: PEM file, the chain after it.
        key: PEM file.
    """

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """A context that shows it.

        Raises:
            MisuseError: the files cannot be read, or do not fit together.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.load_into(context)
        return context

    def load_into(self, context: ssl.SSLContext) -> None:
        """Read the files; connections made from now on see what is in them.

        Raises:
            MisuseError: likewise; what was loaded before stays.
        """
        try:
            # Without a password at hand the library would ask the terminal.
            context.load_cert_chain(self.certificate, self.key, password=lambda: "")
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or error
            raise MisuseError(
                f"cannot be used with {self.key}: {reason}", where=f"--tls-cert {self.certificate}"
            ) from None


@dataclass(frozen=True)
class ServerAccess:
    """How the numbers are served.

    Attributes:
        address: where.
        token: what whoever asks has to know, if anything.
        certificate: for TLS, if wanted.
    """

    address: Address
    token: Token | None = None
    certificate: Certificate | None = None

    def check(self, *, insecure: bool) -> None:
        """See that nobody is let in by an oversight.

        Raises:
            MisuseError: other machines would reach it, and need no token.
        """
        if not (self.address.is_loopback or self.token or insecure):
            raise MisuseError(
                f"{self.address.shown} is open to other machines without a token",
                where="--listen",
                remedy="add --token-file or --insecure",
            )

    def unreachable(self, error: OSError) -> ProbeError:
        """Nobody can listen there."""
        return ProbeError(
            f"cannot listen: {plain(error)}",
            where=self.address.shown,
            remedy="choose another address with --listen",
        )
