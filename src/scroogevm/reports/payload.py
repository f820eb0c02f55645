"""The numbers inside the report: a few megabytes, however large the replay was."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.ports import Role
from scroogevm.reports.names import printable
from scroogevm.reports.panel import Panel
from scroogevm.reports.styles import SHOWN_UNITS, TITLES, Style
from scroogevm.reports.verdicts import Verdicts

BYTES = 3_500_000
"""Room for panels: the fleet always, then as many nodes as fit."""
SHOWN_FIRST = 6


def payload(
    panels: Sequence[Panel],
    looks: Mapping[str, Style],
    roles: Mapping[str, Role],
    scores: Sequence[Mapping[str, Any]],
    origin: float | None = None,
    *,
    asked: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
) -> tuple[str, int]:
    """Everything that the figures of the report need, as JSON that is safe inside HTML.

    Args:
        panels: the fleet, then nodes.
        looks: of each strategy.
        roles: of each strategy.
        scores: rows of the scores of all nodes.
        origin: begin of the first window, seconds since 1970; None where that is no date.

        asked: by resource, what strategies that state a risk were asked for, and what came.

    Returns:
        The text, and how many panels it has.
    """
    written: list[str] = []
    room = BYTES
    for panel in panels if panels and panels[0].hours.size else ():
        text = json_of(_panel(panel))
        room -= len(text)
        if written and room < 0:
            break
        written.append(text)
    resources = list(dict.fromkeys(score["resource"] for score in scores))
    kept = ("strategy", "looks_ahead", "savings", "violation_rate")
    rest = {
        "origin": origin,
        "asked": asked or {},
        "resources": {r: {"title": TITLES[r], "unit": SHOWN_UNITS[r][0]} for r in resources},
        "strategies": [
            {
                "name": name,
                "colour": look.colour,
                "dash": look.dash,
                "star": look.star,
            }
            for name, look in looks.items()
        ],
        "shown": _shown(scores, roles),
        "scores": {
            resource: [
                {key: score[key] for key in kept}
                for score in scores
                if score["resource"] == resource and score["violation_rate"] is not None
                and score["savings"] is not None
            ]
            for resource in resources
        },
    }  # fmt: skip
    return f'{json_of(rest)[:-1]},"panels":[{",".join(written)}]}}', len(written)


def _shown(scores: Sequence[Mapping[str, Any]], roles: Mapping[str, Role]) -> Sequence[str]:
    """The strategies that the figures begin with: the best few, the recommended one and a bound."""
    order = list(dict.fromkeys(score["strategy"] for score in scores))
    best = [name for name in order if roles[name] != "bound"]
    led = {
        next((name for name, role in roles.items() if role == wanted), "")
        for wanted in ("recommended", "bound")
    }
    wanted = {*best[: SHOWN_FIRST - 1], *led}
    return [name for name in order if name in wanted or len(order) <= SHOWN_FIRST]


def _panel(panel: Panel) -> Mapping[str, Any]:
    usage = {
        resource: {
            name: listed(row * SHOWN_UNITS[resource][1])
            for name, row in rows.items()
            if name != "mean"
        }
        for resource, rows in panel.usage.items()
    }
    said: dict[str, dict[str, Any]] = {}
    for (resource, strategy), rows in panel.said.items():
        said.setdefault(resource, {})[strategy] = {
            "demand": listed(rows["demand"] * SHOWN_UNITS[resource][1]),
            "ratio": listed(rows["ratio"]),
            "misprediction": listed(rows["misprediction"]),
            "violation": listed(rows["violation"]),
        }
    verdicts: dict[str, dict[str, Any]] = {}
    for (resource, strategy), found in panel.verdicts.items():
        verdicts.setdefault(resource, {})[strategy] = verdicts_of(found, resource)
    why: dict[str, dict[str, Any]] = {}
    for (resource, strategy), reasons in panel.why.items():
        told = [[round(hour, 4), text] for hour, text in reasons]
        why.setdefault(resource, {})[strategy] = told
    return {
        "name": printable(panel.name),
        "step": panel.step,
        "hours": [round(hour, 4) for hour in panel.hours.tolist()],
        "ends": [round(hour, 4) for hour in panel.ends.tolist()],
        "first": panel.first,
        "usage": usage,
        "said": said,
        "verdicts": verdicts,
        "why": why,
    }


def verdicts_of(said: Verdicts, resource: str) -> Mapping[str, Any]:
    """Verdicts on one node: a digit for each window, what decided it, and each gap with its limit.

    Digits are places in ``VERDICTS``.
    """
    factor = SHOWN_UNITS[resource][1]
    return {
        "said": "".join(map(str, said.code.reshape(-1).tolist())),
        "decided": said.words(resource).to_list(),
        "gaps": {
            name: [listed(pair.reshape(-1) * factor, digits=3) for pair in pairs]
            for name, pairs in said.gaps.items()
        },
    }


def listed(row: Floats, digits: int = 5) -> list[float | None]:
    """So many digits of each number, None for NaN; one number where all are the same.

    >>> listed(np.array([1234.567, -0.000123456, np.nan, 0.0]))
    [1234.6, -0.00012346, None, 0.0]
    """
    if row.size and np.all(row == row[0]):
        row = row[:1]
    known = np.isfinite(row)
    size = np.where(known & (row != 0), abs(row), 1.0)
    places = np.minimum(digits - 1 - np.floor(np.log10(size)), 300.0)  # 10**308 is the largest
    up, down = 10.0 ** np.maximum(places, 0.0), 10.0 ** np.maximum(-places, 0.0)
    # Whole numbers by powers of ten: each quotient is the number nearest to its decimals.
    rounded = np.round(np.where(known, row, 0.0) / down * up) * down / up
    found: list[float | None] = rounded.tolist()
    for at in np.flatnonzero(~known).tolist():
        found[at] = None
    return found


def json_of(content: Any) -> str:
    """JSON in which nothing can end a script element, whatever names a trace brings."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
