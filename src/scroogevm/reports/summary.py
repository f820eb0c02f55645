"""What a replay comes to, in one sentence a resource."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from scroogevm.reports.series import Means
from scroogevm.reports.styles import SHOWN_UNITS, TITLES
from scroogevm.text import counted

SAFE = 0.01
"""A strategy that is short in no more than this share of windows is worth naming."""


def freed(
    means: Means,
    scores: Sequence[Mapping[str, Any]],
    nodes: int,
    recommended: Collection[str] = (),
) -> Sequence[str]:
    """What would have been freed of what was promised: mean over windows of allocated - demand.

    Named are the strategy that frees most and is short in at most 1 % of windows, or else the one
    that is short least often, and those that are recommended.

    Args:
        means: of all nodes together, over windows.
        scores: rows of the scores of all nodes.
        nodes: how many there were.
        recommended: strategies that are named in any case.

    Returns:
        A sentence for each resource of which something was promised.
    """
    return [
        line
        for resource in means.allocated
        for line in _lines(means, scores, nodes, resource, recommended)
    ]


def _lines(
    means: Means,
    scores: Sequence[Mapping[str, Any]],
    nodes: int,
    resource: str,
    recommended: Collection[str],
) -> Iterator[str]:
    unit, factor = SHOWN_UNITS[resource]
    rates = {
        row["strategy"]: row["violation_rate"]
        for row in scores
        if row["resource"] == resource
        and row["violation_rate"] is not None
        and row["savings"] is not None
        and not row["looks_ahead"]
    }
    gains = {name: means.freed[resource, name] * factor for name in rates}
    safe = [name for name, rate in rates.items() if rate <= SAFE]
    if not rates:
        return
    best = max(safe, key=gains.__getitem__) if safe else min(rates, key=rates.__getitem__)
    named = dict.fromkeys([best, *(name for name in rates if name in recommended)])
    capacity, promised = (of[resource] * factor for of in (means.capacity, means.allocated))
    parts = [
        f"{name} would have {_kept(gains[name])}, short in {100 * rates[name]:.1f} % of windows"
        for name in named
    ]
    if not safe:
        parts.append(f"no strategy was short in at most {100 * SAFE:.0f} %")
    where = f"{counted(nodes, 'node')} with {capacity:.1f}"
    yield f"{TITLES[resource]}: {promised:.1f} {unit} were promised on {where}; {'; '.join(parts)}."


def _kept(gain: float) -> str:
    """What became of the promised.

    >>> _kept(15.04), _kept(-1.0), _kept(-0.04)
    ('freed 15.0 of them', 'kept 1.0 more than them', 'freed 0.0 of them')
    """
    gain = round(gain, 1) + 0.0
    return f"freed {gain:.1f} of them" if gain >= 0 else f"kept {-gain:.1f} more than them"
