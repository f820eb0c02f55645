"""What a replay comes to, in a few sentences a resource."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scroogevm.ports import Role
from scroogevm.reports.series import Means
from scroogevm.reports.styles import SHOWN_UNITS, TITLES
from scroogevm.text import counted

SAFE = 0.01
"""A strategy that is short in no more than this share of windows is worth naming."""


def freed(
    means: Means,
    scores: Sequence[Mapping[str, Any]],
    nodes: int,
    roles: Mapping[str, Role],
) -> Sequence[str]:
    """What would have been freed of what was promised: mean over windows of allocated - demand.

    Named are the recommended strategies and the baselines; and the strategy that frees most of
    those that are short in at most 1 % of windows, or else the one that is short least often.

    Args:
        means: of all nodes together, over windows.
        scores: rows of the scores of all nodes.
        nodes: how many there were.
        roles: of each strategy.

    Returns:
        A few sentences for each resource of which something was promised.
    """
    return [
        line
        for resource in means.allocated
        for line in _lines(means, scores, nodes, resource, roles)
    ]


def _lines(
    means: Means,
    scores: Sequence[Mapping[str, Any]],
    nodes: int,
    resource: str,
    roles: Mapping[str, Role],
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
    of_role = {role: [n for n in sorted(rates) if roles.get(n) == role] for role in _NAMED}
    named = dict.fromkeys([*of_role["recommended"], best, *of_role["baseline"]])
    capacity, promised = (of[resource] * factor for of in (means.capacity, means.allocated))
    where = f"{counted(nodes, 'node')} ({capacity:.1f} {unit})"
    said = [f"{name} would have {_came_of(gains[name], rates[name])}." for name in named]
    if not safe:
        said.append(f"No strategy fell short in at most {100 * SAFE:.0f} % of windows.")
    first = f"{TITLES[resource]}: VMs on {where} were promised {promised:.1f} {unit}."
    yield " ".join([first, *said])


_NAMED: Sequence[Role] = ("recommended", "baseline")


def _came_of(gain: float, rate: float) -> str:
    """What became of the promised.

    >>> _came_of(15.04, 0.01), _came_of(0.0, 0.0)
    ('freed 15.0 of them and fallen short in 1.0 % of windows', 'freed nothing: it knew too little')
    >>> _came_of(-1.0, 0.0)
    'held back 1.0 more than them and fallen short in 0.0 % of windows'
    """
    if gain == 0 == rate:
        return "freed nothing: it knew too little"
    gain = round(gain, 1) + 0.0
    kept = f"freed {gain:.1f} of them" if gain >= 0 else f"held back {-gain:.1f} more than them"
    return f"{kept} and fallen short in {100 * rate:.1f} % of windows"
