"""Reads the status of a service for commands: from its API, or from its status file."""

import ssl
import time
from typing import TYPE_CHECKING, Any

import httpx

from scroogevm.errors import MisuseError, ScrapeError
from scroogevm.secret import read_secret
from scroogevm.statusfile import from_json, read_status
from scroogevm.text import plain

if TYPE_CHECKING:
    from scroogevm.offers.status import Status


_SECONDS = 10.0


def told(options: dict[str, Any]) -> "Status":
    """What is told now: an offer that has expired has nothing free.

    Raises:
        MisuseError: the file is none, or the token is refused.
        ScrapeError: nobody answers.
    """
    if options.get("file") is not None:
        return read_status(options["file"]).at(time.time())
    with client(options) as api:
        return from_json(ask(api, "GET", "api/v1/status").content, options["url"]).at(time.time())


def client(options: dict[str, Any]) -> "httpx.Client":
    """Who asks the API."""
    headers = {}
    if options["token_file"] is not None:
        path = options["token_file"]
        token = read_secret(path, token=True, where=f"--token-file {path}")
        headers["Authorization"] = f"Bearer {token}"
    try:
        verify = ssl.create_default_context(cafile=options["ca_file"])
    except OSError:
        raise MisuseError(
            "contains no certificates", where=f"--ca-file {options['ca_file']}"
        ) from None
    base = options["url"].rstrip("/") + "/"
    return httpx.Client(base_url=base, headers=headers, verify=verify, timeout=_SECONDS)


def ask(api: "httpx.Client", method: str, path: str, **more: Any) -> "httpx.Response":
    """An answer of the API.

    Raises:
        MisuseError: it says that the question makes no sense, or that the token is refused.
        ScrapeError: nobody answers, or not yet.
    """
    where = str(api.base_url)
    try:
        answer = api.request(method, path, **more)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        remedy = "is `scroogevm serve` running there? --file reads its status.json instead"
        raise ScrapeError(f"does not answer: {plain(error)}", where=where, remedy=remedy) from None
    if answer.is_success:
        return answer
    try:
        detail = str(answer.json()["detail"])
    except (ValueError, KeyError, TypeError):
        detail = f"answers {answer.status_code}, so it is not `scroogevm serve`"
    if answer.is_client_error:
        remedy = "--token-file FILE" if answer.status_code == 401 else ""
        raise MisuseError(detail.rstrip("."), where=where, remedy=remedy)
    raise ScrapeError(detail.rstrip("."), where=where)
