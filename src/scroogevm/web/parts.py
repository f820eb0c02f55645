"""API routes of optional parts: Placement and ballooning."""

from dataclasses import replace
from typing import Annotated, Any

from fastapi import FastAPI, Query
from starlette.requests import Request
from starlette.responses import Response

from scroogevm.balloon.targets import Act
from scroogevm.balloon.view import BalloonView
from scroogevm.web.answers import CURSOR, LONGEST_NAME, MOST_NODES, hashed_answer, plain_answer
from scroogevm.web.balloon import (
    BalloonNodePage,
    BalloonVMPage,
    BalloonVMRow,
    node_page,
    vm_page,
)
from scroogevm.web.placement import PlacementView
from scroogevm.web.problem import ProblemError
from scroogevm.web.reader import StatusReader

_NO_PLACEMENT: dict[int | str, dict[str, Any]] = {
    404: {"description": "Offers do not go to Placement"}
}
_NO_COMPANION: dict[int | str, dict[str, Any]] = {
    404: {"description": "No memory companion runs here"}
}


def add_parts(app: FastAPI, reader: StatusReader) -> None:
    """Serve both."""
    _add_placement(app, reader)
    _add_balloon(app, reader)


def _add_placement(app: FastAPI, reader: StatusReader) -> None:
    @app.get("/api/v1/placement", response_model=PlacementView, responses=_NO_PLACEMENT)
    def placement(
        request: Request,
        node: Annotated[str | None, Query(max_length=LONGEST_NAME)] = None,
        search: Annotated[str | None, Query(max_length=LONGEST_NAME)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_NODES)] = 200,
    ) -> Response:
        """Placement of OpenStack beside the offers, the plan, and the last writes."""
        view = reader.placement()
        if view is None:
            raise ProblemError(404, "Offers do not go to OpenStack's Placement.")
        rows = [
            row
            for row in view.rows
            if (node is None or row.node == node)
            and (search is None or search.lower() in row.node.lower())
        ]
        writes = [one for one in view.writes if node is None or one.node == node]
        shown = replace(view, rows=rows[:limit], writes=writes)
        return hashed_answer(request, shown, PlacementView)


def _add_balloon(app: FastAPI, reader: StatusReader) -> None:
    def view() -> BalloonView:
        found = reader.balloon()
        if found is None:
            raise ProblemError(404, "No memory companion runs here.")
        return found

    @app.get("/api/v1/balloon", response_model=BalloonNodePage, responses=_NO_COMPANION)
    def nodes(
        node: Annotated[str | None, Query(max_length=LONGEST_NAME)] = None,
        cursor: Annotated[str | None, Query(pattern=CURSOR)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_NODES)] = 200,
    ) -> Response:
        """What the memory companion does, of all nodes or of one: nodes, page by page."""
        return plain_answer(node_page(view(), node, int(cursor or 0), limit), BalloonNodePage)

    @app.get("/api/v1/balloon/vms", response_model=BalloonVMPage, responses=_NO_COMPANION)
    def vms(
        node: Annotated[str | None, Query(max_length=LONGEST_NAME)] = None,
        search: Annotated[str | None, Query(max_length=LONGEST_NAME)] = None,
        act: Act | None = None,
        cursor: Annotated[str | None, Query(pattern=CURSOR)] = None,
        limit: Annotated[int, Query(ge=1, le=MOST_NODES)] = 200,
    ) -> Response:
        """What the memory companion does with VMs, filtered, page by page."""
        wanted = (search or "").lower()

        def is_wanted(row: BalloonVMRow) -> bool:
            return (
                (node is None or row.node == node)
                and (act is None or row.vm.act == act)
                and wanted in f"{row.node} {row.vm.name} {row.vm.uuid}".lower()
            )

        return plain_answer(vm_page(view(), is_wanted, int(cursor or 0), limit), BalloonVMPage)
