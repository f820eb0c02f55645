"""The routes of the API, version 1."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import asdict
from typing import Annotated, Any, Literal, cast

from fastapi import Depends, FastAPI, Header, Path, Query, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response, StreamingResponse

from scroogevm import __version__
from scroogevm.offers.fit import Fit, fit
from scroogevm.offers.status import NodeHold, NodeState, NodeStatus, Status
from scroogevm.offers.words import explained
from scroogevm.web.access import Access
from scroogevm.web.answers import (
    CURSOR,
    LONGEST_NAME,
    MOST_NODES,
    plain_answer,
    tagged,
    tagged_answer,
)
from scroogevm.web.models import HoldRequest, NodeExplanation, NodePage
from scroogevm.web.pages import add_pages
from scroogevm.web.parts import add_parts
from scroogevm.web.problem import ProblemError, problem
from scroogevm.web.published import PublishedStatus
from scroogevm.web.pulse import Pulse
from scroogevm.web.reader import By, HistoryPoint, LedgerRow, ServiceHealth, StatusReader

HEARTBEAT = 15.0
"""Seconds between signs of life on a stream of events."""
MOST_EVENTS = 500
"""Sent at once."""

Name = Annotated[str, Path(min_length=1, max_length=LONGEST_NAME)]
Seconds = Annotated[float | None, Query(ge=0, le=1e11, allow_inf_nan=False)]
Span = Annotated[float, Query(ge=0, le=1e11, allow_inf_nan=False)]
Amount = Annotated[float, Query(ge=1e-3, le=1e9, allow_inf_nan=False)]
Sort = Literal["node", "state", "cpu_free", "mem_free", "cpu_demand", "mem_demand"]


class Api:
    """The API over what a reader knows.

    Args:
        reader: what is known.
        access: who may ask.
    """

    def __init__(self, reader: StatusReader, access: Access) -> None:
        self._reader = reader
        self._access = access
        self._published: PublishedStatus | None = None
        self._told: Status | None = None
        self._again = 0.0
        self.pulse = Pulse()

    def published(self) -> PublishedStatus:
        """What is told now, as it may be believed.

        Raises:
            ProblemError: nothing was told yet.
        """
        told, now = self._reader.status(), self._reader.now()
        if told is None:
            raise ProblemError(503, "No window was judged yet.", Retry_After="5")
        shown = self._published
        if shown is None or told is not self._told or now >= self._again:
            status = told.at(now)
            if shown is None or status is not shown.status:
                shown = PublishedStatus(status)
            self._published, self._told = shown, told
            self._again = shown.until if status is told else now + 1.0
        return shown

    def app(self) -> FastAPI:
        """The application."""

        @asynccontextmanager
        async def lifespan(_: FastAPI) -> AsyncIterator[None]:
            self.pulse.begin()
            yield

        app = FastAPI(
            title="ScroogeVM",
            version=__version__,
            description="How much cpu and memory of each hypervisor node is really free.",
            lifespan=lifespan,
            docs_url=None,
            redoc_url=None,
            openapi_url="/api/v1/openapi.json",
            dependencies=[Depends(self._let_in)],
            responses={
                401: {"description": "A token is needed, or is not known"},
                421: {"description": "The name in Host is not one of this machine"},
                422: {"description": "A parameter is invalid"},
                503: {"description": "No window was judged yet"},
            },
        )
        app.add_exception_handler(ProblemError, _problem)
        app.add_exception_handler(RequestValidationError, _invalid)
        app.add_exception_handler(HTTPException, _http)
        app.add_exception_handler(Exception, _unexpected)
        self._add_nodes(app)
        self._add_service(app)
        add_parts(app, self._reader)
        self._add_holds(app)
        add_pages(app)
        return app

    def _let_in(self, request: Request) -> None:
        if request.url.path.startswith("/api/") or request.url.path == "/metrics":
            admin = request.method not in ("GET", "HEAD", "OPTIONS")
            headers = request.headers
            request.state.by = self._access.check(
                headers.get("host", ""), headers.get("authorization", ""), admin=admin
            )
        elif self._access.loopback:
            self._access.check_host(request.headers.get("host", ""))

    def _add_nodes(self, app: FastAPI) -> None:
        @app.get("/api/v1/nodes", response_model=NodePage)
        def nodes(  # noqa: PLR0917  # FastAPI hands parameters over by name
            request: Request,
            group: Annotated[str | None, Query(max_length=LONGEST_NAME)] = None,
            state: NodeState | None = None,
            search: Annotated[str | None, Query(max_length=LONGEST_NAME)] = None,
            sort: Sort = "node",
            descending: bool = False,  # noqa: FBT001, FBT002  # a parameter of the address
            cursor: Annotated[str | None, Query(pattern=CURSOR)] = None,
            limit: Annotated[int, Query(ge=1, le=MOST_NODES)] = 100,
        ) -> Response:
            """Nodes, filtered and sorted, page by page."""
            shown = self.published()
            found = [
                node
                for node in shown.status.nodes.values()
                if (group is None or node.group == group)
                and (state is None or node.state == state)
                and (search is None or search.lower() in node.node.lower())
            ]
            found.sort(key=lambda node: _sort_key(node, sort), reverse=descending)
            first = int(cursor or 0)
            more = first + limit < len(found)
            page = NodePage(
                found[first : first + limit],
                str(first + limit) if more else None,
                len(found),
                shown.status.window_end,
            )
            return tagged_answer(request, page, NodePage, shown.etag)

        @app.get("/api/v1/fleet", response_model=dict[str, Any])
        def fleet(request: Request) -> Response:
            """Every node as a row of numbers."""
            shown = self.published()
            return tagged(request, shown.fleet, shown.etag)

        @app.get("/api/v1/status", response_model=Status)
        def status(request: Request) -> Response:
            """All that is told, as the status file has it."""
            shown = self.published()
            return tagged_answer(request, shown.status, Status, shown.etag)

        @app.get("/api/v1/groups", response_model=list[dict[str, Any]])
        def groups(request: Request) -> Response:
            """Groups: nodes by state, and the sums of their resources."""
            shown = self.published()
            return tagged(request, json.dumps(shown.groups).encode(), shown.etag)

        @app.get("/api/v1/nodes/{name}", response_model=NodeStatus, responses=_MISSING)
        def node(request: Request, name: Name) -> Response:
            """One node."""
            shown = self.published()
            return tagged_answer(request, self._node(name), NodeStatus, shown.etag)

        @app.get(
            "/api/v1/nodes/{name}/history",
            response_model=list[HistoryPoint],
            responses=_MISSING,
        )
        def history(
            name: Name,
            resource: Literal["cpu", "mem"] = "cpu",
            since: Seconds = None,
            until: Seconds = None,
            last: Span = 86400.0,
        ) -> Response:
            """Windows of a node that end in a time; of the last day by default."""
            self._node(name)
            begin, end = self._time(since, until, last)
            points = list(self._reader.history(name, resource, begin, end))
            return plain_answer(points, list[HistoryPoint])

        @app.get("/api/v1/nodes/{name}/explain", response_model=NodeExplanation, responses=_MISSING)
        def explain(request: Request, name: Name) -> Response:
            """Why the offers of a node are what they are, in words."""
            shown = self.published()
            found = NodeExplanation(name, explained(self._node(name)))
            return tagged_answer(request, found, NodeExplanation, shown.etag)

        @app.get("/api/v1/fit", response_model=Fit)
        def fits(
            cpu: Amount, mem: Amount, count: Annotated[int, Query(ge=1, le=10**6)] = 1
        ) -> Response:
            """Which nodes take so many VMs of a size (cores, MiB), and what is left then."""
            return plain_answer(fit(self.published().status, cpu, mem, count), Fit)

    def _add_service(self, app: FastAPI) -> None:
        @app.get("/api/v1/ledger", response_model=list[LedgerRow])
        def ledger(
            since: Seconds = None,
            until: Seconds = None,
            last: Span = 7 * 86400.0,
            by: By = "strategy",
        ) -> Response:
            """What promises were worth, in whole days (UTC); in the last 7 days by default."""
            begin, end = self._time(since, until, last)
            return plain_answer(list(self._reader.ledger(begin, end, by)), list[LedgerRow])

        @app.get("/api/v1/events", response_class=StreamingResponse)
        def events(
            last_event_id: Annotated[str | None, Header(max_length=20)] = None,
        ) -> StreamingResponse:
            """What happens, as server-sent events; from Last-Event-ID on."""
            text = last_event_id or ""
            after = int(text) if text.isascii() and text.isdecimal() else -1
            return StreamingResponse(
                self._stream(after),
                media_type="text/event-stream",
                headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
            )

        @app.get("/api/v1/health", response_model=ServiceHealth)
        def health() -> Response:
            """How the service does."""
            return plain_answer(self._reader.health(), ServiceHealth)

        @app.get("/health/live")
        def live() -> dict[str, str]:
            """That this process answers."""
            return {"status": "live"}

        @app.get("/health/ready", response_model=dict[str, str])
        def ready() -> Response:
            """Whether offers are told that may be believed; 503 where they are not."""
            found = self._reader.health()
            text = "ready" if found.ready else found.trouble or "no window was judged yet"
            return JSONResponse({"status": text}, 200 if found.ready else 503)

        @app.get("/metrics", response_class=Response)
        def metrics() -> Response:
            """Own metrics, as Prometheus reads them."""
            return Response(
                self._reader.metrics(), media_type="text/plain; version=0.0.4; charset=utf-8"
            )

    def _add_holds(self, app: FastAPI) -> None:
        path = "/api/v1/nodes/{name}/hold"

        @app.post(path, response_model=NodeHold, responses=_MISSING)
        def hold(request: Request, name: Name, body: HoldRequest) -> Response:
            """Freeze the offer of a node: no more than now is offered until it is ended."""
            found = self._reader.hold(name, request.state.by, body.note[:1000])
            if found is None:
                raise ProblemError(404, f"No node is called {name!r}.")
            return plain_answer(found, NodeHold)

        @app.delete(path, status_code=204, response_class=Response, responses=_MISSING)
        def unhold(request: Request, name: Name) -> Response:
            """End that."""
            if not self._reader.unhold(name, request.state.by):
                raise ProblemError(404, f"The node {name!r} is not held.")
            return Response(status_code=204)

    def _time(self, since: float | None, until: float | None, last: float) -> tuple[float, float]:
        """Begin and end of what is asked for; nothing lies in a time that ends before it begins."""
        end = self._reader.now() + 1 if until is None else until
        begin = max(0.0, end - last) if since is None else since
        return begin, max(begin, end)

    def _node(self, name: str) -> NodeStatus:
        found = self.published().status.nodes.get(name)
        if found is None:
            raise ProblemError(404, f"No node is called {name!r}.")
        return found

    async def _stream(self, after: int) -> AsyncIterator[str]:
        """Events as they come; what was told last, whenever that changes."""
        window: int | None = None
        while True:
            status = await asyncio.to_thread(self._reader.status)
            if status is not None and status.window != window:
                window = status.window
                told = {"window": window, "window_end": status.window_end}
                yield f"event: published\ndata: {json.dumps(told)}\n\n"
            found = await asyncio.to_thread(self._reader.events, after, MOST_EVENTS)
            for event in found:
                after = event.id
                yield f"id: {event.id}\nevent: happened\ndata: {json.dumps(asdict(event))}\n\n"
            if not found:
                await self.pulse.wait(HEARTBEAT)
                yield ": alive\n\n"


_MISSING: dict[int | str, dict[str, Any]] = {404: {"description": "There is no such node"}}


def _sort_key(node: NodeStatus, sort: str) -> Any:
    if sort in ("node", "state"):
        return getattr(node, sort), node.node
    resource, _, name = sort.partition("_")
    value = getattr(node.resources.get(resource), name, None)
    return (-1.0 if value is None else value), node.node


async def _problem(_: Request, error: Exception) -> Response:
    found = cast("ProblemError", error)
    return problem(found.status, found.detail, found.headers)


async def _invalid(_: Request, error: Exception) -> Response:
    found = cast("RequestValidationError", error).errors()
    said = (f"{'.'.join(map(str, each['loc'][1:]))}: {each['msg']}" for each in found)
    return problem(422, "; ".join(said))


async def _http(_: Request, error: Exception) -> Response:
    found = cast("HTTPException", error)
    return problem(found.status_code, str(found.detail), dict(found.headers or {}))


async def _unexpected(_: Request, error: Exception) -> Response:
    return problem(500, f"Internal error: {type(error).__name__}")
