"""Writes ``report.html``: the scores and figures in one self-contained file."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from markupsafe import Markup

from scroogevm import __version__
from scroogevm.reports.count_table import count_rows
from scroogevm.reports.html import cut_of, page
from scroogevm.reports.node_selection import choice
from scroogevm.reports.panel import Panel
from scroogevm.reports.payload import payload
from scroogevm.reports.provenance import About
from scroogevm.reports.record import Pair
from scroogevm.reports.scores import Scores
from scroogevm.reports.styles import TITLES, Style
from scroogevm.reports.verdict_table import Count
from scroogevm.scoring import SCORES
from scroogevm.text import counted

_PERCENT = (
    "violation_rate", "violation_rate_max", "mean_severity", "p99_severity", "worst_severity",
    "savings", "offered_free", "waste", "regret", "coverage", "asked",
)  # fmt: skip
_BARS = ("violation_rate", "savings")
_SCRIPTS = (
    "scrolling.js", "windows.js", "asked.js", "labels.js", "frontier.js", "broken.js", "report.js",
)  # fmt: skip
_FIRST = (
    "savings", "violation_rate", "coverage", "asked", "check", "mean_severity", "p99_severity",
    "worst_severity", "waste", "regret", "oversubscription", "misprediction", "violation",
    "decreases", "churn",
)  # fmt: skip
_ASKED = {"asked": "the requested coverage, 1 - risk, of a strategy that has a risk"}
_MEANINGS = {**SCORES, **_ASKED}
_ORDER = (*_FIRST, *(name for name in SCORES if name not in _FIRST))
"""Columns in reading order: savings, their cost, the rest."""


def write_report(
    path: Path,
    about: About,
    scores: Scores,
    panels: Sequence[Panel],
    looks: Mapping[str, Style],
    *,
    verdicts: Mapping[Pair, Count],
    freed: Sequence[str] = (),
    asked: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> None:
    """Write the report.

    Args:
        path: the file.
        about: what was replayed, and how.
        scores: of all chunks.
        panels: the fleet, then nodes; only as many as fit are written.
        looks: of each strategy.
        verdicts: of strategies that use a quiescence test: how often a window was quiescent.
        freed: summary, in sentences.
        asked: by resource, requested and measured rates of strategies that state a risk.
    """
    rows = scores.fleet().to_dicts()
    origin = _origin(scores)
    data, carried = payload(panels, looks, about.roles, rows, origin, asked=asked)
    nodes = counted(scores.nodes, "node")
    content = page(
        "report.html",
        title=", ".join(about.traces) or "a trace",
        summary=f"{nodes}, {len(about.asked)} strategies",
        scripts=_SCRIPTS,
        nodes=scores.nodes,
        freed=freed,
        counts=count_rows(verdicts),
        asked=bool(asked),
        scores=[_table(resource, rows, scores) for resource in scores.judged],
        meanings={_heading(name): _MEANINGS[name] for name in _ORDER},
        shown=choice(carried - 1, scores.nodes, "with the most shortfall"),
        facts=_facts(about, scores),
        strategies=about.asked,
        data=Markup(data),  # noqa: S704  # no element ends in it
    )
    path.write_text(content, encoding="utf-8")


def _origin(scores: Scores) -> float | None:
    """Common begin of the windows, seconds since 1970; None if it is not one date."""
    origins = {shape.origin for shape in scores.shapes}
    dated = len(origins) == 1 and min(origins) > _DATED
    return min(origins) if dated else None


_DATED = 1e9
"""A smaller origin is not a real date, because synthetic traces count from 0."""


def _facts(about: About, scores: Scores) -> Mapping[str, str]:
    windows = {
        f"windows, {TITLES[resource]}": f"{judged:,} judged, "
        f"{scores.unmeasured[resource]:,} with too few samples"
        for resource, judged in scores.judged.items()
    }
    command = {"command": " ".join(about.command)} if about.command else {}
    return {
        "program": f"ScroogeVM {__version__}",
        **command,
        "traces": ", ".join(about.traces),
        "nodes": f"{scores.nodes:,}",
        **windows,
        **_begin(_origin(scores)),
        "time": "; ".join(dict.fromkeys(map(cut_of, scores.shapes))),
        **about.settings,
    }


def _begin(origin: float | None) -> Mapping[str, str]:
    if origin is None:
        return {}
    return {"begin": f"{datetime.fromtimestamp(origin, UTC):%Y-%m-%d %H:%M} UTC"}


def _table(resource: str, rows: Sequence[Mapping[str, Any]], scores: Scores) -> Mapping[str, Any]:
    """The scores of a resource, for the template."""
    return {
        "resource": resource,
        "title": f"{TITLES[resource]}: {scores.judged[resource]:,} windows judged",
        "headings": [(_heading(name), _MEANINGS.get(name, name)) for name in ("strategy", *_ORDER)],
        "rows": [
            {
                "strategy": row["strategy"],
                "ahead": row["looks_ahead"],
                "cells": [_cell(score, row[score]) for score in _ORDER],
            }
            for row in rows
            if row["resource"] == resource
        ],
    }


def _heading(name: str) -> str:
    """A name as a heading has it."""
    return name.replace("_", " ")


def _cell(score: str, value: float | None) -> Mapping[str, str]:
    if value is None:
        return {"value": "", "shown": "-", "bar": ""}
    shown = f"{100 * value:.1f} %" if score in _PERCENT else f"{value:.2f}"
    if score == "check":
        shown = f"{1000 * value:.2f} \u2030"
    if score == "windows":
        shown = f"{value:,.0f}"
    share = f"{min(max(100 * value, 0.0), 100.0):.1f}"
    return {
        "value": f"{value:.9g}",
        "shown": shown,
        "bar": score if score in _BARS else "",
        "share": share,
    }
