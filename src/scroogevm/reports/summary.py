"""Summarises a replay in a few sentences for each resource."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scroogevm.ports import Role
from scroogevm.reports.record import Pair
from scroogevm.reports.series import Means
from scroogevm.reports.styles import SHOWN_UNITS, TITLES
from scroogevm.text import counted

SAFE = 0.01
"""A strategy that falls short in at most this share of windows is named."""


def freed(
    means: Means,
    scores: Sequence[Mapping[str, Any]],
    nodes: int,
    roles: Mapping[str, Role],
    risks: Mapping[Pair, float],
) -> Sequence[str]:
    """How much of the allocation would have been freed: mean over windows of allocated - demand.

    The recommended strategy is named first; of several that state a risk, the one nearest to 1 %.
    The second one frees most of the strategies that fall short in at most 1 % of windows. If there
    is no such strategy, it is the one that falls short least often. The baselines are named last.

    Args:
        means: of all nodes together, over windows.
        scores: rows of the scores of all nodes.
        nodes: how many there were.
        roles: of each strategy.
        risks: the risk that each strategy states, of those that state one.

    Returns:
        A few sentences for each resource of which something was allocated.
    """
    return [
        line
        for resource in means.allocated
        for line in _lines(means, scores, nodes, resource, roles=roles, risks=risks)
    ]


def _lines(
    means: Means,
    scores: Sequence[Mapping[str, Any]],
    nodes: int,
    resource: str,
    *,
    roles: Mapping[str, Role],
    risks: Mapping[Pair, float],
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
    stated = {name: risks.get((resource, name)) for name in rates}
    of_role = {role: [n for n in sorted(rates) if roles.get(n) == role] for role in _NAMED}
    lead = sorted(of_role["recommended"], key=lambda name: abs((stated[name] or SAFE) - SAFE))[:1]
    named = dict.fromkeys([*lead, best, *of_role["baseline"]])
    capacity, promised = (of[resource] * factor for of in (means.capacity, means.allocated))
    where = f"{counted(nodes, 'node')} ({capacity:,.1f} {unit})"
    said = [
        f"{_said(name, stated[name])} would have {_came_of(gains[name], rates[name])}."
        for name in named
    ]
    if not safe:
        said.append(f"No strategy fell short in at most {100 * SAFE:.0f} % of windows.")
    first = f"{TITLES[resource]}: VMs on {where} were allocated {promised:,.1f} {unit}."
    yield " ".join([first, *said])


_NAMED: Sequence[Role] = ("recommended", "baseline")


def _said(name: str, risk: float | None) -> str:
    """The name, with the risk where it has no parameters.

    >>> _said("calibrated", 0.01), _said("calibrated:risk=0.05", 0.05), _said("greedy", None)
    ('calibrated(risk=0.01)', 'calibrated:risk=0.05', 'greedy')
    """
    bare = risk is not None and name.replace("-", "").isalnum()
    return f"{name}(risk={risk:g})" if bare else name


def _came_of(gain: float, rate: float) -> str:
    """How much a strategy would have freed of the allocation, and how often it fell short.

    >>> _came_of(15.04, 0.01)
    'freed 15.0 of them and fallen short in 1.0 % of windows'
    >>> _came_of(0.0, 0.0)
    'freed nothing, because it had too little data'
    >>> _came_of(-1.0, 0.0)
    'held back 1.0 more than them and fallen short in 0.0 % of windows'
    """
    if gain == 0 == rate:
        return "freed nothing, because it had too little data"
    gain = round(gain, 1) + 0.0
    kept = f"freed {gain:,.1f} of them" if gain >= 0 else f"held back {-gain:,.1f} more than them"
    return f"{kept} and fallen short in {100 * rate:.1f} % of windows"
