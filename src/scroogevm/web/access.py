"""Checks tokens, and the host names that requests may use."""

import hmac
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scroogevm.errors import MisuseError
from scroogevm.secret import read_secrets
from scroogevm.text import plain
from scroogevm.web.problem import ProblemError

Role = Literal["reader", "admin"]
_LINE = re.compile(r"(reader|admin)\s+([\w.@-]{1,64})\s+(\S{16,512})")
_LOOPBACK = re.compile(r"(localhost|127(?:\.\d{1,3}){3}|\[::1\])(:\d{1,5})?", re.IGNORECASE)


@dataclass(frozen=True)
class ApiToken:
    """One line of the file.

    Attributes:
        role: ``reader`` may read, ``admin`` may hold nodes, too.
        name: of whom it belongs to, for events.
        secret: never shown.
    """

    role: Role
    name: str
    secret: bytes

    def __repr__(self) -> str:
        return f"ApiToken({self.role!r}, {self.name!r})"


class TokenFile:
    """Tokens, one a line: ``ROLE NAME TOKEN``. The file is read again when it changes.

    Args:
        path: the file.

    Raises:
        MisuseError: the file cannot be read, or a line is not valid.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, ...] = ()
        self._tokens: list[ApiToken] = []
        self._read()

    def find(self, secret: str) -> ApiToken | None:
        """Whose token it is; every token is compared, in constant time."""
        try:
            self._read()
        except MisuseError:
            return None  # with an invalid file, no token is accepted
        given, found = secret.encode(), None
        for token in self._tokens:
            if hmac.compare_digest(token.secret, given):
                found = token
        return found

    def _read(self) -> None:
        try:
            about = self._path.stat()
            stamp = (about.st_mtime_ns, about.st_size, about.st_ino)
            if stamp == self._stamp:
                return
        except OSError as error:
            raise MisuseError(f"cannot be read: {plain(error)}", where=str(self._path)) from None
        tokens = []
        for number, line in enumerate(read_secrets(self._path).splitlines(), 1):
            if line.strip() and not line.lstrip().startswith("#"):
                tokens.append(_token(line, f"{self._path}: line {number}"))
        self._tokens, self._stamp = tokens, stamp


def _token(line: str, where: str) -> ApiToken:
    found = _LINE.fullmatch(line.strip())
    if found is None:
        raise MisuseError(
            "is not a token",
            where=where,
            remedy="write ROLE NAME TOKEN; the role is reader or admin, a token has 16 characters "
            "or more",
        )
    role: Role = "admin" if found[1] == "admin" else "reader"
    return ApiToken(role, found[2], found[3].encode())


@dataclass(frozen=True)
class Access:
    """What is let in.

    Attributes:
        tokens: the file; None where only this machine can ask, and only to read.
        loopback: whether only names of this machine are believed in ``Host``: a page of another
            site must not reach us under its own name (DNS rebinding).
    """

    tokens: TokenFile | None = None
    loopback: bool = True

    def check(self, host: str, authorization: str, *, admin: bool) -> str:
        """Let a request in; the name of who asks.

        Raises:
            ProblemError: it is not let in.
        """
        self.check_host(host)
        if self.tokens is None:
            if admin:
                raise ProblemError(403, "No token is configured, so changes are not possible.")
            return ""
        scheme, _, secret = authorization.partition(" ")
        if not authorization:
            raise ProblemError(401, "A token is needed.", WWW_Authenticate="Bearer")
        token = self.tokens.find(secret.strip()) if scheme.lower() == "bearer" else None
        if token is None:
            raise ProblemError(
                401, "This token is unknown.", WWW_Authenticate='Bearer error="invalid_token"'
            )
        if admin and token.role != "admin":
            raise ProblemError(403, f"The token of {token.name} can only read.")
        return token.name

    def check_host(self, host: str) -> None:
        """Believe the name under which we are asked.

        Raises:
            ProblemError: it is another one than this machine's.
        """
        if self.loopback and not _LOOPBACK.fullmatch(host):
            raise ProblemError(
                421, "This service only answers requests for localhost or 127.0.0.1."
            )
