"""The numbers that the report carries along: a few megabytes, however large the replay was."""

import json
from collections.abc import Mapping, Sequence
from math import isfinite
from typing import Any

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.sinks.look import SHOWN_UNITS, TITLES, Look
from scroogevm.sinks.names import printable
from scroogevm.sinks.panel import Panel, in_force
from scroogevm.sinks.verdicts import Verdicts

POINTS = 500
"""Points of a series at most: of longer ones, neighbours are joined."""
BYTES = 3_500_000
"""Room for panels: the fleet always, then as many nodes as fit."""
SHOWN_FIRST = 6


def payload(
    panels: Sequence[Panel],
    looks: Mapping[str, Look],
    looking_ahead: Sequence[str],
    scores: Sequence[Mapping[str, Any]],
    origin: float | None = None,
) -> tuple[str, int]:
    """Everything that the figures of the report need, as JSON that is safe inside HTML.

    Args:
        panels: the fleet, then nodes.
        looks: of each strategy.
        looking_ahead: strategies that read the future.
        scores: rows of the scores of all nodes.
        origin: begin of the first window, seconds since 1970; None where that is no date.

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
        "resources": {r: {"title": TITLES[r], "unit": SHOWN_UNITS[r][0]} for r in resources},
        "strategies": [
            {
                "name": name,
                "colour": look.colour,
                "dash": look.dash,
                "star": name == "greedy",
            }
            for name, look in looks.items()
        ],
        "shown": _shown(scores, looking_ahead),
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


def _shown(scores: Sequence[Mapping[str, Any]], looking_ahead: Sequence[str]) -> Sequence[str]:
    """The strategies that the figures begin with: the best few, greedy and the oracle."""
    order = list(dict.fromkeys(score["strategy"] for score in scores))
    best = [name for name in order if name not in looking_ahead]
    wanted = {*best[: SHOWN_FIRST - 1], "greedy", "oracle"}
    return [name for name in order if name in wanted or len(order) <= SHOWN_FIRST]


def _panel(panel: Panel) -> Mapping[str, Any]:
    step = max(1, -(-panel.hours.size // POINTS))
    usage = {
        resource: {
            name: listed(_joined(row, step, largest=name == "peak") * SHOWN_UNITS[resource][1])
            for name, row in rows.items()
            if name != "mean"
        }
        for resource, rows in panel.usage.items()
    }
    said: dict[str, dict[str, Any]] = {}
    for (resource, strategy), rows in panel.said.items():
        ready = in_force(rows["demand"]) * SHOWN_UNITS[resource][1]
        said.setdefault(resource, {})[strategy] = {
            "demand": listed(_joined(ready, step)),
            "ratio": listed(_joined(in_force(rows["ratio"]), step)),
            "misprediction": listed(_summed(rows["misprediction"], step)),
            "violation": listed(_summed(rows["violation"], step)),
        }
    verdicts: dict[str, dict[str, Any]] = {}
    for (resource, strategy), found in panel.verdicts.items():
        verdicts.setdefault(resource, {})[strategy] = verdicts_of(found, resource)
    hours = panel.hours[
        np.minimum(np.arange(step - 1, panel.hours.size + step - 1, step), panel.hours.size - 1)
    ]
    return {
        "name": printable(panel.name),
        "step": step,
        "hours": [round(hour, 4) for hour in hours.tolist()],
        "ends": [round(hour, 4) for hour in panel.hours.tolist()] if verdicts else [],
        "usage": usage,
        "said": said,
        "verdicts": verdicts,
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


def _groups(row: Floats, step: int) -> Floats:
    """Neighbours in rows, NaN after the end."""
    size = -(-row.size // step) * step
    padded = np.concatenate([row, np.full(size - row.size, np.nan)])
    return padded.reshape(-1, step)


def _joined(row: Floats, step: int, *, largest: bool = False) -> Floats:
    """Mean, or largest, of ``step`` neighbours."""
    if step == 1:
        return row
    groups = _groups(row, step)
    if largest:
        return np.asarray(np.fmax.reduce(groups, axis=1))
    known = np.maximum((~np.isnan(groups)).sum(axis=1), 1)
    empty = np.isnan(groups).all(axis=1)
    return np.where(empty, np.nan, np.nansum(groups, axis=1) / known)


def _summed(row: Floats, step: int) -> Floats:
    """Sum of ``step`` neighbours over ``step``, so that running sums stay right."""
    if step == 1:
        return row
    groups = _groups(row, step)
    return np.where(np.isnan(groups).all(axis=1), np.nan, np.nansum(groups, axis=1) / step)


def listed(row: Floats, digits: int = 5) -> list[float | None]:
    """So many digits of each number; one number where all are the same."""
    if row.size and np.all(row == row[0]):
        row = row[:1]
    return [float(f"{value:.{digits}g}") if isfinite(value) else None for value in row.tolist()]


def json_of(content: Any) -> str:
    """JSON in which nothing can end a script element, whatever names a trace brings."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
