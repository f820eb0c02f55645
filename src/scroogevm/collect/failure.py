"""Classifies failures of scrapes into a few reasons that can be counted."""

import os
import socket
import ssl
from collections.abc import Iterator, Mapping
from typing import Literal

import httpx

from scroogevm.errors import ScrapeError

Reason = Literal[
    "name", "connection", "timeout", "tls", "credentials", "status", "redirect", "size", "protocol",
    "garbage",
]  # fmt: skip
REASONS: Mapping[Reason, str] = {
    "name": "the host is not found",
    "connection": "no connection, or the connection broke",
    "timeout": "no complete answer in time",
    "tls": "no TLS, or a certificate that is not trusted",
    "credentials": "401 or 403",
    "status": "another status than 200",
    "redirect": "it redirects to another host, or too many times",
    "size": "larger than the limit, compressed or not",
    "protocol": "not valid HTTP, or an encoding that was not requested",
    "garbage": "an answer without metrics",
}
"""Every reason that a scrape may fail for."""


class ScrapeFailedError(ScrapeError):
    """A scrape that failed.

    Attributes:
        reason: of ``REASONS``.
    """

    reason: Reason

    @classmethod
    def of(cls, reason: Reason, problem: str, remedy: str = "") -> "ScrapeFailedError":
        """A failure for a reason."""
        failure = cls(problem, remedy=remedy)
        failure.reason = reason
        return failure

    @classmethod
    def of_error(cls, error: Exception, host: str) -> "ScrapeFailedError":
        """The failure for an error of the connection.

        Args:
            error: as it was raised.
            host: that was to be reached.
        """
        causes = list(_chain(error))
        for cause in causes:
            if isinstance(cause, ssl.SSLCertVerificationError):
                problem = f"its certificate is not trusted: {cause.verify_message}"
                return cls.of("tls", problem, "see --ca-file")
            if isinstance(cause, ssl.SSLError):
                return cls.of("tls", f"no TLS: {cause.reason or 'the handshake failed'}")
            if isinstance(cause, socket.gaierror):
                remedy = "check the target: NODE=URL, a URL, or HOST:PORT"
                return cls.of("name", f"the host {host!r} is not found", remedy)
        numbers = (each.errno for each in causes if isinstance(each, OSError))
        said = next((os.strerror(number) for number in numbers if number), "")
        if said or isinstance(error, httpx.NetworkError):
            return cls.of("connection", said.lower() or "the connection broke")
        return cls.of("protocol", f"does not answer in valid HTTP: {error}")


def _chain(error: BaseException) -> Iterator[BaseException]:
    """An error, and what caused it, the first of a group."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        yield one
        if isinstance(one, BaseExceptionGroup):
            one = one.exceptions[0]
        else:
            one = one.__cause__ or one.__context__
