"""Serves the files of the dashboard."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from fastapi import FastAPI
from starlette.responses import Response

from scroogevm.web.problem import ProblemError

HEADERS: Mapping[str, str] = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
"""With every answer: pages load nothing from elsewhere, and run no script that is not a file."""
_KINDS = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_SHARED = ("uPlot.iife.min.js", "uPlot.min.css")


@cache
def asset(name: str) -> tuple[bytes, str]:
    """The content and the media type of a file of the dashboard.

    Raises:
        ProblemError: there is no file of this name.
    """
    ending = name[name.rfind(".") :]
    known = {each.name for each in files("scroogevm.web").joinpath("assets").iterdir()}
    if name in _SHARED:
        place = files("scroogevm.reports").joinpath("assets", name)
    elif name in known and ending in _KINDS:
        place = files("scroogevm.web").joinpath("assets", name)
    else:
        raise ProblemError(404, "There is no such page.")
    return place.read_bytes(), f"{_KINDS[ending]}; charset=utf-8"


def add_pages(app: FastAPI) -> None:
    """Serve the dashboard."""

    @app.get("/", include_in_schema=False)
    def index() -> Response:
        content, kind = asset("index.html")
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})

    @app.get("/assets/{name}", include_in_schema=False)
    def file(name: str) -> Response:
        content, kind = asset(name)
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})
