"""Reads the data of a report again, to draw its figures."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.errors import MisuseError
from scroogevm.reports.panel import Panel
from scroogevm.reports.provenance import MARKER
from scroogevm.reports.styles import SHOWN_UNITS, Style, looks

_DATA = re.compile(r'<script type="application/json" id="data">(.*?)</script>', re.DOTALL)


@dataclass(frozen=True, eq=False)
class Reread:
    """The data of a report.

    Attributes:
        panels: the fleet, then nodes.
        styles: of each strategy.
        scores: rows of the fleet's scores, best first.
        whole: name of the fleet.
    """

    panels: Sequence[Panel]
    styles: Mapping[str, Style]
    scores: Sequence[Mapping[str, Any]]
    whole: str


def reread(report: Path) -> Reread:
    """Read the output of a replay.

    Args:
        report: its directory.

    Raises:
        MisuseError: the directory is not the output of a replay, or is damaged.
    """
    try:
        about = json.loads((report / MARKER).read_text("utf-8"))
        page = _DATA.search((report / "report.html").read_text("utf-8"))
        data = json.loads(page[1] if page else "")
        roles = {name: facts["role"] for name, facts in about["strategies"].items()}
        panels = [_panel(panel) for panel in data["panels"]]
        rows = [
            {"resource": resource, **row}
            for resource, each in data["scores"].items()
            for row in each
        ]
        nodes = int(about["nodes"])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        raise MisuseError(
            f"is not the output of `scroogevm replay`, with its {MARKER} and report.html",
            where=str(report),
        ) from None
    alone = panels[1].name if len(panels) > 1 else "the node"
    whole = alone if nodes == 1 else "all nodes"
    return Reread(panels, looks(roles), rows, whole)


def _panel(content: Mapping[str, Any]) -> Panel:
    hours = np.array(content["hours"], np.float64)
    usage = {
        resource: {name: _row(row, hours) / SHOWN_UNITS[resource][1] for name, row in rows.items()}
        for resource, rows in content["usage"].items()
    }
    said = {
        (resource, strategy): {
            name: _row(row, hours) / (SHOWN_UNITS[resource][1] if name == "demand" else 1.0)
            for name, row in rows.items()
        }
        for resource, strategies in content["said"].items()
        for strategy, rows in strategies.items()
    }
    return Panel(content["name"], hours, usage, said, content["step"])


def _row(values: Sequence[float | None], hours: Floats) -> Floats:
    """Numbers, NaN for none; one number stands for all."""
    row = np.array([np.nan if value is None else value for value in values])
    return np.broadcast_to(row, hours.shape) if row.size == 1 else row
