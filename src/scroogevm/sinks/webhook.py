"""Posts each status to a URL, signed."""

import hashlib
import hmac
import ssl
import time
from collections.abc import Callable

import httpx

from scroogevm.errors import MisuseError, OutputError
from scroogevm.offers.status import Status
from scroogevm.sinks.sink import OfferSink
from scroogevm.text import plain

SIGNATURE = "X-ScroogeVM-Signature"
TIME = "X-ScroogeVM-Time"


class Webhook(OfferSink):
    """Posts the offers as JSON; any answer of 200 to 299 says that they arrived.

    With a secret, header ``X-ScroogeVM-Signature`` is ``sha256=`` and HMAC-SHA256 of the header
    ``X-ScroogeVM-Time``, a dot and the body: who checks both knows who sent it, and when.

    Args:
        url: where to.
        secret: that the receiver knows, too; empty for no signature.
        tls: what to trust; the system's by default.
        seconds: how long the receiver may take.
        clock: seconds since 1970.
    """

    name = "webhook"

    def __init__(
        self,
        url: str,
        secret: bytes = b"",
        *,
        tls: ssl.SSLContext | None = None,
        seconds: float = 10.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if httpx.URL(url).scheme not in ("http", "https"):
            raise MisuseError(
                f"{url!r} is not an address", where="webhook", remedy="https://HOST/PATH"
            )
        self._url = url
        self._secret = secret
        self._clock = clock
        # Redirects are not followed, so that offers go to no other host.
        self._http = httpx.Client(timeout=seconds, verify=tls if tls is not None else True)

    def send(self, status: Status, text: str) -> None:
        """Post it.

        Raises:
            OutputError: the receiver cannot be reached, or does not take it.
        """
        del status
        body, now = text.encode(), str(int(self._clock()))
        headers = {"Content-Type": "application/json", TIME: now}
        if self._secret:
            headers[SIGNATURE] = signature(self._secret, now, body)
        try:
            with self._http.stream("POST", self._url, content=body, headers=headers) as answer:
                code = answer.status_code  # its body is not read, however long it is
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OutputError(f"cannot be reached: {plain(error)}", where=self._place) from None
        if not httpx.codes.is_success(code):
            raise OutputError(f"answers {code}", where=self._place)

    def close(self) -> None:
        """Give connections back."""
        self._http.close()

    @property
    def _place(self) -> str:
        """The address without what may be secret in it."""
        url = httpx.URL(self._url)
        return f"{url.scheme}://{url.netloc.decode().rpartition('@')[2]}{url.path}"


def signature(secret: bytes, now: str, body: bytes) -> str:
    """What the header with the signature says.

    >>> signature(b"secret", "1700000000", b"{}")[:20]
    'sha256=b8569b78799ff'
    """
    digest = hmac.new(secret, f"{now}.".encode() + body, hashlib.sha256).hexdigest()
    return f"sha256={digest}"
