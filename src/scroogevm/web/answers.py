"""JSON answers of the API, with ETags."""

from functools import cache
from hashlib import blake2b
from typing import Any

from pydantic import TypeAdapter
from starlette.requests import Request
from starlette.responses import Response

MOST_NODES = 1000
"""On a page."""
LONGEST_NAME = 512
CURSOR = r"^[0-9]{1,9}$"
"""Where a page begins."""


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def plain_answer(content: Any, kind: Any) -> Response:
    """Content of a kind."""
    return Response(_adapter(kind).dump_json(content), media_type="application/json")


def tagged_answer(request: Request, content: Any, kind: Any, etag: str) -> Response:
    """Content of a kind, or that it has not changed."""
    return tagged(request, _adapter(kind).dump_json(content), etag)


def hashed_answer(request: Request, content: Any, kind: Any) -> Response:
    """Content of a kind, or that it has not changed; its tag is a hash of the content."""
    text = _adapter(kind).dump_json(content)
    return tagged(request, text, f'"{blake2b(text, digest_size=16).hexdigest()}"')


def tagged(request: Request, content: bytes, etag: str) -> Response:
    """The content, or that it has not changed."""
    headers = {"ETag": etag, "Cache-Control": "no-cache"}
    known = [each.strip() for each in request.headers.get("if-none-match", "").split(",")]
    if etag in known or f"W/{etag}" in known:
        return Response(status_code=304, headers=headers)
    return Response(content, media_type="application/json", headers=headers)
