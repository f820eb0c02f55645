"""HTTP requests to a server that may be down, slow or hostile; all answers are limited.

Nothing is followed elsewhere, nothing is unpacked, and no secret is ever part of a message.
"""

import json
import re
import ssl
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from time import monotonic, sleep
from typing import NamedTuple, TypeVar

import httpx

from scroogevm.errors import StoreError
from scroogevm.text import plain

Result = TypeVar("Result")

LONGEST_LINE = 64 << 20
"""Bytes in one line of an answer."""

LARGEST = 512 << 20
"""Bytes in an answer that is read line by line."""

_LATER = frozenset({408, 425, 429, 500, 502, 503, 504})
_ATTEMPTS = 4
_FIRST_PAUSE = 0.25
_REMARK = 8 << 10


class HttpAnswer(NamedTuple):
    """The answer of a server.

    Attributes:
        status: of HTTP.
        headers: names in any case.
        body: whole.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class RefusalError(StoreError):
    """A server answered that it would not.

    Attributes:
        status: of HTTP.
        said: its own text, shortened; empty if there is none.
    """

    status: int
    said: str


class Http:
    """A server by its URL.

    Args:
        url: without query; paths of requests are joined to it.
        headers: sent with each request.
        secrets: kept out of every message.
        context: what TLS trusts.
        timeout: time limit of a request, s whole.
    """

    def __init__(
        self,
        url: str,
        *,
        headers: Mapping[str, str],
        secrets: Sequence[str],
        context: ssl.SSLContext | bool,
        timeout: float,
    ) -> None:
        self.url = url.rstrip("/")
        self._secrets = [secret for secret in secrets if secret]
        self._timeout = timeout
        self._client = httpx.Client(
            headers={"Accept-Encoding": "identity", "User-Agent": "scroogevm", **headers},
            verify=context,
            timeout=timeout,
            follow_redirects=False,
            trust_env=False,
        )

    def close(self) -> None:
        """End all connections."""
        self._client.close()

    def fetch(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        *,
        form: bool = False,
        about: str = "",
    ) -> HttpAnswer:
        """A whole answer.

        Args:
            method: of HTTP.
            path: joined to the URL.
            params: of the request.
            content: its body.
            form: whether the parameters go into the body, because they may be long.
            about: its subject in messages, such as a node.

        Raises:
            StoreError: there is none in time, or one that is too large.
            RefusalError: its status is not 2xx.
        """
        with self._open(method, path, params, content, form=form, about=about) as response:
            body = b"".join(self._blocks(response, about, LONGEST_LINE))
            return HttpAnswer(response.status_code, response.headers, body)

    def lines(
        self,
        method: str,
        path: str,
        params: Mapping[str, str],
        *,
        form: bool = False,
        about: str = "",
    ) -> Iterator[bytes]:
        """The lines of an answer, while it arrives; empty ones are left out.

        Raises:
            StoreError: they do not arrive in time, or are too long, or too many.
            RefusalError: its status is not 2xx.
        """
        with self._open(method, path, params, None, form=form, about=about) as response:
            begun: list[bytes] = []
            length = 0
            for block in self._blocks(response, about, LARGEST):
                *whole, rest = block.split(b"\n")
                for line in whole:
                    joined = b"".join([*begun, line])
                    begun, length = [], 0
                    if joined.strip():
                        yield joined
                begun.append(rest)
                length += len(rest)
                if length > LONGEST_LINE:
                    raise self.error("answers with a line that is too long", about)
            last = b"".join(begun)
            if last.strip():
                yield last

    def error(
        self, problem: str, about: str = "", *, remedy: str = "", temporary: bool = False
    ) -> StoreError:
        """An error that names the server."""
        return StoreError(problem, where=self.where(about), remedy=remedy, temporary=temporary)

    def where(self, about: str) -> str:
        """The server, and the path of the request."""
        return f"{self.url}: {about}" if about else self.url

    @contextmanager
    def _open(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        content: bytes | None,
        *,
        form: bool,
        about: str,
    ) -> Iterator[httpx.Response]:
        request = self._client.build_request(
            method,
            self.url + path,
            params=None if form else params,
            data=params if form else None,
            content=content,
        )
        try:
            response = self._client.send(request, stream=True)
            try:
                self._judge(response, about)
                yield response
            finally:
                response.close()
        except httpx.TimeoutException:
            raise self._late(about) from None
        except httpx.HTTPError as error:
            distrusted = "CERTIFICATE_VERIFY" in str(error)
            said = self.shown(plain(error))
            problem = f"cannot be reached: {said}"
            remedy = "give the certificates of the authority with ca_file" if distrusted else ""
            raise self.error(problem, about, remedy=remedy, temporary=not distrusted) from None

    def _judge(self, response: httpx.Response, about: str) -> None:
        """Reject an invalid answer."""
        if response.headers.get("content-encoding", "identity") != "identity":
            raise self.error("answers compressed, which was not requested", about)
        status = response.status_code
        if response.is_redirect:
            target = self.shown(response.headers.get("location", ""))
            raise self.error(
                f"redirects to {target!r}", about, remedy="use that address as the location"
            )
        if status < 200 or status > 299:
            body = b""
            for block in self._blocks(response, about, LONGEST_LINE):
                body += block
                if len(body) > _REMARK:
                    break
            raise self._refusal(status, self.shown(remark(body)), about)

    def _refusal(self, status: int, said: str, about: str) -> RefusalError:
        remedy = {
            401: "check user and password_file, or token_file",
            403: "check the permissions of this user",
        }.get(status, "")
        if status == 401:
            problem = "does not accept the credentials" + (f" ({said})" if said else "")
        else:
            problem = f"answers {status}" + (f": {said}" if said else "")
        error = RefusalError(
            problem,
            where=self.where(about),
            remedy=remedy,
            temporary=status in _LATER,
        )
        error.status = status
        error.said = said
        return error

    def _blocks(self, response: httpx.Response, about: str, limit: int) -> Iterator[bytes]:
        end = monotonic() + self._timeout
        size = 0
        for block in response.iter_raw():  # as they arrive: waiting for a size may never end
            size += len(block)
            if size > limit:
                raise LargeError(
                    f"answers with more than {limit >> 20} MiB", where=self.where(about)
                )
            if monotonic() > end:
                raise self._late(about)
            yield block

    def _late(self, about: str) -> StoreError:
        problem = f"does not answer within {self._timeout:g} s"
        return self.error(problem, about, remedy="or raise the option timeout", temporary=True)

    def shown(self, text: str) -> str:
        """The text of a server, shortened to one line of a message."""
        for secret in self._secrets:
            text = text.replace(secret, "***")
        text = " ".join("".join(c if c.isprintable() else " " for c in text).split())
        return text if len(text) <= 200 else text[:199] + "…"


class LargeError(StoreError):
    """An answer is too large; a smaller request may succeed."""


def remark(body: bytes) -> str:
    """The message of an error answer; servers put it in one of several places."""
    text = body.decode("utf-8", "replace")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        page = re.match(r"\s*<(!doctype|html|\?xml)", text, re.IGNORECASE)
        return "a web page" if page else text
    if not isinstance(document, dict):
        return text
    said = str(document.get("error") or document.get("message") or text)
    details = document.get("data")
    if isinstance(details, list) and details and isinstance(details[0], dict):
        said += f": {details[0].get('error_message', '')}"
    return said


def patiently(action: Callable[[], Result]) -> Result:
    """Try again, a few times and ever more slowly, what may well succeed later."""
    pause = _FIRST_PAUSE
    for _ in range(_ATTEMPTS - 1):
        try:
            return action()
        except StoreError as error:
            if not error.temporary:
                raise
        sleep(pause)
        pause *= 2
    return action()
