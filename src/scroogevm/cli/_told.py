"""Reads the status of a service for commands: from its API, or from its status file."""

from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    import httpx

    from scroogevm.offers.status import Status

Command = Callable[..., Any]
_file = click.Path(path_type=Path)
_SECONDS = 10.0

_ASKING = (
    click.option(
        "--url",
        default="http://127.0.0.1:8765",
        metavar="URL",
        help="URL of `scroogevm serve`.",
    ),
    click.option(
        "--token-file", type=_file, metavar="FILE", help="File with the token of the service."
    ),
    click.option(
        "--ca-file",
        type=_file,
        metavar="PEM",
        help="Certificates to trust instead of the system's.",
    ),
)
from_file = click.option(
    "--file", type=_file, metavar="FILE", help="Read this status file instead of asking a service."
)


def asking(command: Command) -> Command:
    """Whom to ask."""
    return reduce(lambda inner, option: option(inner), reversed(_ASKING), command)


def told(options: dict[str, Any]) -> "Status":
    """What is told now: an offer that has expired has nothing free.

    Raises:
        MisuseError: the file is none, or the token is refused.
        ScrapeError: nobody answers.
    """
    import time  # noqa: PLC0415  # on demand

    from scroogevm.statusfile import from_json, read_status  # noqa: PLC0415  # imports NumPy

    if options.get("file") is not None:
        return read_status(options["file"]).at(time.time())
    with client(options) as api:
        return from_json(ask(api, "GET", "api/v1/status").content, options["url"]).at(time.time())


def client(options: dict[str, Any]) -> "httpx.Client":
    """Who asks the API."""
    import ssl  # noqa: PLC0415  # on demand

    import httpx  # noqa: PLC0415  # likewise

    from scroogevm.errors import MisuseError  # noqa: PLC0415  # likewise

    headers = {}
    if options["token_file"] is not None:
        try:
            text = options["token_file"].read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError):
            raise MisuseError(
                "cannot be read", where=f"--token-file {options['token_file']}"
            ) from None
        headers["Authorization"] = f"Bearer {text}"
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
    import httpx  # noqa: PLC0415  # on demand

    from scroogevm.errors import MisuseError, ScrapeError  # noqa: PLC0415  # likewise
    from scroogevm.text import plain  # noqa: PLC0415  # likewise

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
