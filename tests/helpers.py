"""Builders of windows and occurrences that tests share: from plain lists, or random and seeded."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from scroogevm.core.arrays import Floats
from scroogevm.core.history import Pool
from scroogevm.core.state import State
from scroogevm.core.window import Occurrence, VMs, Window
from scroogevm.engine import Engine, Key
from scroogevm.ports import CPU, MEM, RESOURCES, STRATEGIES, Chunk, Step, Strategy
from scroogevm.registry import Parameter, parameters

NAN = float("nan")


def vms_of(rows: Mapping[int, tuple[int, float, Sequence[float]]]) -> VMs:
    """VMs from ``{id: (node, allocated, samples)}``."""
    if not rows:
        return VMs.none()
    ids = sorted(rows)
    return VMs(
        ids=np.array(ids, np.int64),
        node=np.array([rows[i][0] for i in ids], np.int64),
        allocated=np.array([rows[i][1] for i in ids], np.float64),
        usage=np.array([rows[i][2] for i in ids], np.float64),
    )


def window_of(
    usage: Sequence[Sequence[float]],
    *,
    capacity: Sequence[float] | float = 8.0,
    allocated: Sequence[float] | float | None = None,
    vms: VMs | None = None,
    aggregation: int = 1,
) -> Window:
    """A window from one list of samples a node; allocated is what its VMs sum up to."""
    vms = vms or VMs.none()
    nodes = len(usage)
    if allocated is None:
        allocated = vms.per_node(vms.allocated, nodes).tolist()
    return Window(
        usage=np.array(usage, np.float64).reshape(nodes, -1),
        capacity=np.broadcast_to(np.asarray(capacity, np.float64), (nodes,)).copy(),
        allocated=np.broadcast_to(np.asarray(allocated, np.float64), (nodes,)).copy(),
        vms=vms,
        aggregation=aggregation,
    )


def occurrences_of(
    cpu: Sequence[Window],
    mem: Sequence[Window] | None = None,
    *,
    slices: int = 1,
    seconds: float = 1800.0,
) -> list[Occurrence]:
    """Occurrences in order of time; memory does as the cpu does unless given."""
    return [
        Occurrence(
            number=number,
            slice=number % slices,
            end=(number + 1) * seconds,
            nodes=[f"node-{i}" for i in range(window.nodes)],
            windows={CPU: window, MEM: (mem or cpu)[number]},
            vm_names=[f"vm-{i}" for i in range(1000)],
        )
        for number, window in enumerate(cpu)
    ]


def random_windows(
    seed: int = 0,
    *,
    nodes: int = 3,
    count: int = 8,
    samples: int = 12,
    vms: int = 4,
    missing: float = 0.0,
    churn: float = 0.2,
) -> list[Window]:
    """Windows whose nodes use what their VMs use, whose VMs come, leave, return and grow.

    Args:
        seed: of the random numbers.
        nodes: how many nodes.
        count: how many windows.
        samples: samples in each.
        vms: VMs that may live on each node.
        missing: share of samples that are missing, on the nodes and on the VMs.
        churn: share of windows in which a VM is away.
    """
    rng = np.random.default_rng(seed)
    total = nodes * vms
    node = rng.permutation(np.repeat(np.arange(nodes), vms))
    size = rng.choice([1.0, 2.0, 4.0, 8.0], total)
    level = rng.uniform(0.1, 0.9, total)
    windows = []
    for number in range(count):
        here = rng.random(total) >= churn
        grown = size * (1 + (number > count // 2) * (rng.random(total) < 0.2))
        noise = rng.normal(0, 0.1, (total, samples))
        usage = grown[:, np.newaxis] * np.clip(level[:, np.newaxis] + noise, 0, 1.1)
        ids = np.flatnonzero(here)
        alive = VMs(ids, node[ids], grown[ids], usage[ids])
        used = alive.sum_rows(alive.usage, nodes) + 0.25
        if missing:
            used = np.where(rng.random(used.shape) < missing, np.nan, used)
            holes = rng.random(alive.usage.shape) < missing
            alive = replace(alive, usage=np.where(holes, np.nan, alive.usage))
        capacity = 5.0 * vms + np.arange(nodes, dtype=np.float64)
        windows.append(Window(used, capacity, alive.per_node(alive.allocated, nodes), alive))
    return windows


def some_nodes(window: Window, nodes: Sequence[int]) -> Window:
    """The window of these nodes alone, in this order."""
    place = {node: i for i, node in enumerate(nodes)}
    mine = np.isin(window.vms.node, nodes)
    vms = VMs(
        ids=window.vms.ids[mine],
        node=np.array([place[n] for n in window.vms.node[mine]], np.int64),
        allocated=window.vms.allocated[mine],
        usage=window.vms.usage[mine],
    )
    rows = list(nodes)
    return Window(
        window.usage[rows], window.capacity[rows], window.allocated[rows], vms, window.aggregation
    )


def scaled(window: Window, factor: float) -> Window:
    """The window in another unit: everything times ``factor``."""
    vms = replace(
        window.vms,
        allocated=window.vms.allocated * factor,
        usage=window.vms.usage * factor,
    )
    return Window(
        window.usage * factor,
        window.capacity * factor,
        window.allocated * factor,
        vms,
        window.aggregation,
    )


INNER = ("greedy", "google-per-vm(samples=30, warm=6)", "doa")


def spec_of(name: str, inner: Sequence[str] = INNER) -> str:
    """How a strategy is asked for in tests: combinators get inner strategies."""
    nested = [p for p in _parameters(name) if p.nested and p.default is None]
    if not nested:
        return name
    return f"{name}({', '.join(inner if nested[0].many else inner[:1])})"


def strategy_of(name: str, resource: str = CPU, inner: Sequence[str] = INNER) -> Strategy:
    """A strategy of the registry, whatever it takes; Google's warm up within a window."""
    known = {item.name for item in _parameters(name)}
    short = ":samples=30,warm=6" if {"samples", "warm"} <= known else ""
    built: Strategy = STRATEGIES.build(spec_of(name, inner) + short, resource)
    return built


def _parameters(name: str) -> Sequence[Parameter]:
    return parameters(STRATEGIES.load(name))


def engine_of(*names: str, kept: int = 4, slices: int = 1, coverage: float = 0.1) -> Engine:
    """An engine that asks these strategies of the registry, each known by its own name."""
    strategies = {r: {name: strategy_of(name, r) for name in names} for r in RESOURCES}
    return Engine(strategies, kept, slices, coverage)


def walked(chunk: Chunk) -> list[Occurrence]:
    """Its occurrences, all at once."""
    return list(chunk.occurrences)


def steps(
    engine: Engine, occurrences: Sequence[Occurrence], state: State | None = None
) -> tuple[State, list[Step]]:
    """Step through occurrences, the later ones being the future of the earlier ones.

    Whoever pools begins with an empty pool, and these are all the nodes there are.
    """
    state, pools = state or State(), dict[Key, Pool]()
    done = []
    for number, occurrence in enumerate(occurrences):
        prepared = engine.prepare(state, occurrence, occurrences[number + 1 :])
        pools = dict(engine.learn(pools, [prepared.summaries]))
        state, step = engine.conclude(prepared, pools)
        done.append(step)
    return state, done


def demands(done: Iterable[Step], name: str, resource: str = CPU) -> Floats:
    """Demand of a strategy in each step, (windows, nodes)."""
    return np.array([step.estimates[resource][name].demand for step in done])
