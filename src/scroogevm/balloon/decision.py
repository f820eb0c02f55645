"""Decides the sizes of a node's VMs: applies refusals, rules and a mode."""

from collections.abc import Sequence

import numpy as np

from scroogevm.balloon.asked import Asked
from scroogevm.balloon.facts import NodeFacts
from scroogevm.balloon.judgement import Judgement
from scroogevm.balloon.policy import Policy
from scroogevm.balloon.reasoning import Reasoning
from scroogevm.balloon.targets import Act, Targets
from scroogevm.core.arrays import Floats

_KIB = 1024
"""In a MiB."""
_SAME = 1e-6
"""MiB: sizes that differ by less are the same."""


def decide(facts: NodeFacts, policy: Policy) -> Targets:
    """What each VM of a node shall be, and why.

    1. A VM that a refusal names is left as it is. What this program took from it is given back at
       once, unless the refusal keeps all hands off.
    2. A guest under pressure gets everything back at once.
    3. The mode takes what the host asks, or gives back what there is room for, between what rules
       allow. Where a fact is missing, they allow no shrinking.

    A VM that this program never changed is never grown: its size is what somebody wants.
    """
    judged = Judgement.of(facts, policy)
    asked = Asked.of(facts.host, policy)
    _, order = policy.order
    bounds = judged.bounds
    chosen = policy.mode.sizes(facts, bounds, order, asked.ask)
    chosen = np.minimum(np.maximum(chosen, bounds.least), bounds.top)
    size = np.where(judged.released, bounds.top, _whole(chosen, facts.guests.actual))
    size = np.where(judged.refused & ~judged.released, facts.guests.actual, size)
    change = np.nan_to_num(size - facts.guests.actual, nan=0.0)
    act = _acts(facts, judged, change)
    return Targets(
        size=size,
        act=act,
        reasons=Reasoning(facts, policy, judged, asked, change, act),
        wanted=asked.ask.wanted,
        facts={
            "total": facts.host.total,
            "available": facts.host.available,
            "room": asked.ask.room,
            "taken": float(-change[change < 0].sum()),
            "given": float(change[change > 0].sum()),
        },
    )


def _whole(size: Floats, actual: Floats) -> Floats:
    """Sizes in whole KiB, as balloons have them: the next one on the way from what a VM has.

    Otherwise a balloon that follows would never be at the size that it was asked for.
    """
    up, down = np.ceil(size * _KIB) / _KIB, np.floor(size * _KIB) / _KIB
    return np.asarray(np.where(size < actual, np.fmin(up, actual), np.fmax(down, actual)))


def _acts(facts: NodeFacts, judged: Judgement, change: Floats) -> Sequence[Act]:
    asked = np.nan_to_num(facts.guests.actual - facts.guests.asked, nan=0.0)
    by = np.where(np.abs(change) > _SAME, change, asked)  # a request that still stands is undone
    acts: list[Act] = []
    for vm, each in enumerate(by):
        if judged.released[vm]:
            acts.append("release")
        elif judged.refused[vm]:
            acts.append("refuse")
        else:
            acts.append("shrink" if each < -_SAME else "grow" if each > _SAME else "keep")
    return acts
