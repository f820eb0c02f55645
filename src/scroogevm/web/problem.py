"""Errors of the API in the format of RFC 9457: ``application/problem+json``."""

from http import HTTPStatus
from typing import Any

from starlette.responses import JSONResponse

MEDIA = "application/problem+json"


class ProblemError(Exception):
    """A request that cannot be answered.

    Args:
        status: of HTTP.
        detail: what is wrong, in words.
        headers: to send with it.
    """

    def __init__(self, status: int, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


def problem(status: int, detail: str, headers: dict[str, str] | None = None) -> JSONResponse:
    """The answer that reports the problem."""
    content: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return JSONResponse(content, status, headers, media_type=MEDIA)
