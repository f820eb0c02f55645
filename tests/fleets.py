"""Fleets whose nodes join, leave, return and change order, for tests of what is remembered."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from helpers import random_windows, some_nodes, strategy_of
from scroogevm.core.estimate import Estimate
from scroogevm.core.history import History, Pool
from scroogevm.core.window import Occurrence
from scroogevm.ports import RESOURCES, STRATEGIES, Step, Strategy, Summary

if TYPE_CHECKING:
    from scroogevm.core.arrays import Floats, Ints

CAUSAL: Sequence[str] = [
    name
    for name in STRATEGIES.names
    if not (strategy_of(name).looks_ahead or strategy_of(name).pools)
]
"""Strategies that read neither the future nor what other nodes do."""


def fleet(
    seed: int, *, nodes: int = 5, count: int = 14, slices: int = 1, moving: bool = True
) -> list[Occurrence]:
    """Occurrences of a fleet; some nodes are away now and then, and their order changes.

    Args:
        seed: of the random numbers.
        nodes: how many nodes there are in all.
        count: how many occurrences.
        slices: slices in a scope.
        moving: whether nodes come, go and change order.
    """
    rng = np.random.default_rng(seed)
    cpu = random_windows(seed, nodes=nodes, count=count, missing=0.05)
    mem = random_windows(seed + 1, nodes=nodes, count=count, missing=0.05)
    mem = [replace(two, vms=one.vms) for one, two in zip(cpu, mem, strict=True)]
    found = []
    here = rng.random(nodes) < 0.7
    for number in range(count):
        here ^= rng.random(nodes) < 0.15
        order = rng.permutation(nodes)
        at = [int(node) for node in order if here[node]] if moving else list(range(nodes))
        found.append(
            Occurrence(
                number,
                number % slices,
                1800.0 * (number + 1),
                [f"node-{node}" for node in at],
                {"cpu": some_nodes(cpu[number], at), "mem": some_nodes(mem[number], at)},
                [f"vm-{vm}" for vm in range(100)],
            )
        )
    return found


def alone(occurrences: Iterable[Occurrence], node: str) -> list[Occurrence]:
    """The occurrences of one node, from its first one on; where it is away, it is silent there."""
    found: list[Occurrence] = []
    for occurrence in occurrences:
        at = [place for place, name in enumerate(occurrence.nodes) if name == node]
        if not (at or found):
            continue
        rows = np.array(at or [-1])
        windows = {r: window.moved(rows) for r, window in occurrence.windows.items()}
        found.append(replace(occurrence, nodes=[node], windows=windows))
    return found


def renumbered(occurrence: Occurrence, seed: int) -> Occurrence:
    """The same occurrence as another source would number its VMs."""
    table = np.random.default_rng(seed).permutation(len(occurrence.vm_names))
    names = [""] * table.size
    for number, name in zip(table, occurrence.vm_names, strict=True):
        names[number] = name
    windows = {
        resource: replace(window, vms=replace(window.vms, ids=table[window.vms.ids]))
        for resource, window in occurrence.windows.items()
    }
    return replace(occurrence, windows=windows, vm_names=names)


Said = Mapping[tuple[str, str, str, int], float]
"""What was said: by resource, strategy, node and number of the occurrence."""


def said(steps: Iterable[Step]) -> dict[tuple[str, str, str, int], float]:
    """Every demand."""
    return {
        (resource, strategy, node, step.occurrence.number): float(demand)
        for step in steps
        for resource, answers in step.estimates.items()
        for strategy, answer in answers.items()
        for node, demand in zip(step.occurrence.nodes, answer.demand, strict=True)
    }


@dataclass(frozen=True)
class Pooling(Strategy):
    """The mean peak of all nodes so far: a strategy that learns from all nodes together."""

    pools: ClassVar[bool] = True
    formula = "mean over nodes and windows of the peak"

    def summarise(self, history: History) -> Summary:
        peak: Floats = np.nan_to_num(history.new.maximum)
        told: Ints = np.array([np.round(peak * 2**20).sum(), peak.size]).astype(np.int64)
        return {"sum": told}

    def pool(self, before: Pool, summary: Summary) -> Pool:
        return {"sum": before.get("sum", np.zeros(2, np.int64)) + summary["sum"]}

    def estimate(self, history: History) -> Estimate:
        total, number = history.pool["sum"]
        mean = total / 2**20 / max(number, 1)
        times = history.remembered("times", 0.0) + 1
        return Estimate(np.full(history.nodes, mean) + times * 1e-3, {"times": times})


def strategies(*names: str, pooling: bool = False) -> dict[str, dict[str, Strategy]]:
    """Strategies of the registry by resource, and one that pools."""
    return {
        resource: {
            **{name: strategy_of(name, resource) for name in names},
            **({"pooling": Pooling()} if pooling else {}),
        }
        for resource in RESOURCES
    }
