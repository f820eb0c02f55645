"""The predecessor again, plain and slow: one window after another, one VM after another.

Written from the description of its numbers alone and sharing nothing with the engine, so that the
two can be held against each other on traces nobody has recorded. Where the description is silent,
what is missing is never free: a window of too few samples is promised whole, a size that is not
given is the one given last.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Samples: TypeAlias = NDArray[np.float64]
Json: TypeAlias = Mapping[str, Any]

PERCENTILES = (10, *range(15, 90, 5), *range(90, 100))
NONE = math.nan
COVERAGE = 0.1
STRATEGIES = ("percentile", "nsigma", "borg", "rclike", "maxpeak", "doa", "greedy")


@dataclass(frozen=True)
class Resource:
    """What differs between cpu and memory."""

    name: str
    demand_percentile: float
    vm_percentile: float
    capped: bool

    def whole(self, value: float) -> float:
        """Cut a tier as the dump does: tenths of a core, rounded as NumPy does, or whole MiB."""
        return float(np.round(value, 1)) if self.name == "cpu" else float(int(value))


@dataclass
class Vm:
    """What one slice knows of one VM."""

    last: Json = field(default_factory=dict)
    alive: bool = False
    allocated: float = 0.0
    windows: list[Samples] = field(default_factory=list)


@dataclass
class Slice:
    """What one slice of the scope remembers of one resource."""

    windows: list[Samples] = field(default_factory=list)
    vms: dict[str, Vm] = field(default_factory=dict)
    previous_mean: float = NONE
    ratio: float = 3.5
    doa: float | None = None
    stable: bool = False


@dataclass(frozen=True)
class Window:
    """One closed window as every strategy sees it; `kept` includes it."""

    capacity: float
    allocated: float
    kept: Samples
    stats: Mapping[str, float]
    rc_like: float


def samples(window: Json, name: str) -> Samples:
    """Every sample of one field, a null as NaN; a missing field has none."""
    return np.array(window.get(name) or [], dtype=np.float64)


def present(values: Samples) -> Samples:
    """Only what was measured."""
    return values[~np.isnan(values)]


def sizes(windows: Sequence[Json], name: str) -> list[float]:
    """The size after each window: the last one that was given, in it or before."""
    found: list[float] = []
    for window in windows:
        given = present(samples(window, name))
        found.append(float(given[-1]) if given.size else found[-1] if found else NONE)
    return found


def aggregated(values: Samples, size: int) -> Samples:
    """Means of `size` samples after another; an incomplete last group only when it is alone."""
    groups = [values[at : at + size] for at in range(0, len(values), size)]
    if len(groups) > 1 and len(groups[-1]) < size:
        groups.pop()
    return np.array([present(g).mean() for g in groups if present(g).size], dtype=np.float64)


def statistics(values: Samples) -> dict[str, float]:
    """What the dump tells of one window, NaN of an empty one."""
    names = ("avg", "std", "max", *(f"p{p}" for p in PERCENTILES))
    if not values.size:
        return dict.fromkeys(names, NONE)
    told = (values.mean(), values.std(), values.max(), *np.percentile(values, PERCENTILES))
    return {name: float(value) for name, value in zip(names, told, strict=True)}


def vm_demand(vm: Vm, resource: Resource, keep: int) -> float:
    """Its own percentile, or its allocation while too little is known of it."""
    x = np.concatenate(vm.windows) if vm.windows else np.array([])
    if len(vm.windows) < keep or not x.size:
        return vm.allocated
    value = float(np.percentile(x, resource.vm_percentile))
    return min(value, vm.allocated) if resource.capped else value


def follow(vm: Vm, window: Json, size: float, resource: Resource, keep: int) -> None:
    """One more window of one VM: not there, as it was last (it has left), or at work."""
    vm.alive = bool(window) and window != vm.last
    if window:
        vm.last = window
    if not vm.alive:
        vm.windows.clear()
        return
    usage = present(samples(window, f"{resource.name}_usage"))
    vm.allocated = size
    vm.windows = [*vm.windows, usage * size if resource.name == "cpu" else usage][-keep:]


def n_sigma(w: Window, n: float) -> float:
    """`mean(x) + n * std(x)`."""
    return float(w.kept.mean() + n * w.kept.std())


def doa(w: Window, before: float | None) -> float:
    """A twentieth of the capacity less while all is well, else half of it more."""
    d = w.allocated if before is None else before
    if w.stats["max"] < 0.95 * w.capacity:
        return max(d - round(w.capacity / 20), -2 * w.capacity)
    return d + round(w.capacity / 2)


def greedy_ratio(w: Window, before: float, previous_mean: float, *, stable: bool) -> float:
    """Down a tenth when quiescent, up two tenths when rising, always within 2 and 5."""
    if stable:
        before -= 0.1
    elif not math.isnan(previous_mean) and w.kept.mean() > math.ceil(previous_mean / 0.1) * 0.1:
        before += 0.2
    return min(5.0, max(2.0, before))


def demands(
    w: Window, state: Slice, previous_mean: float, resource: Resource, *, stable: bool
) -> dict[str, float]:
    """What every strategy says to be ready for; moves the state of those that have one."""
    state.ratio = greedy_ratio(w, state.ratio, previous_mean, stable=stable)
    state.doa = doa(w, state.doa)
    state.stable = stable
    sigma = n_sigma(w, 5)
    return {
        "percentile": float(np.percentile(w.kept, resource.demand_percentile)),
        "nsigma": sigma,
        "borg": w.allocated / 1.1,
        "rclike": w.rc_like,
        "maxpeak": max(sigma, w.rc_like),
        "doa": state.doa,
        "greedy": n_sigma(w, state.ratio),
    }


def tiers(demand: float, capacity: float, resource: Resource) -> list[float]:
    """What is needed, nothing in between, and what is free."""
    needed = resource.whole(demand)
    return [needed, 0.0, max(0.0, resource.whole(capacity - needed))]


def step(
    state: Slice,
    usage: Samples,
    capacity: float,
    vms: Mapping[str, tuple[Json, float]],
    resource: Resource,
    *,
    keep: int,
    aggregation: int,
    verdict: bool,
) -> dict[str, Any]:
    """Close one window of one slice and resource: its statistics and every strategy's demand."""
    judged = len(state.windows) >= keep and all(window.size for window in state.windows)
    state.windows = [*state.windows, present(usage)][-keep:]
    for name, (window, size) in vms.items():
        follow(state.vms.setdefault(name, Vm()), window, size, resource, keep)
    alive = {name: vm for name, vm in state.vms.items() if vm.alive}
    w = Window(
        capacity=capacity,
        allocated=sum(vm.allocated for vm in alive.values()),
        kept=np.concatenate(state.windows),
        stats=statistics(aggregated(usage, aggregation)),
        rc_like=sum(vm_demand(vm, resource, keep) for vm in alive.values()),
    )
    previous_mean, state.previous_mean = state.previous_mean, w.stats["avg"]
    if present(usage).size >= max(1, COVERAGE * usage.size):
        demand = demands(w, state, previous_mean, resource, stable=judged and verdict)
    else:
        demand = dict.fromkeys(STRATEGIES, float(w.allocated))
    return {
        "capacity": capacity,
        "booked": w.allocated,
        "vms": set(alive),
        "stats": w.stats,
        "demand": demand,
        "tiers": {name: tiers(d, capacity, resource) for name, d in demand.items()},
        "ratio": state.ratio,
        "stable": state.stable,
    }


def replay(
    trace: Json,
    *,
    cpu: float = 90,
    mem: float = 90,
    aggreg: int = 1,
    verdicts: Sequence[Sequence[bool]],
) -> Iterator[dict[str, dict[str, Any]]]:
    """Every occurrence in turn: per resource what `step` tells."""
    slices = trace["config"]["number_of_slice"]
    keep = trace["config"]["historical_occurences"] + 1
    node = trace["node"]["raw_data"]
    lives = {name: vm["raw_data"] for name, vm in trace["vm"].items()}
    resources = (Resource("cpu", cpu, 99, capped=True), Resource("mem", mem, 100, capped=False))
    state = {(r.name, k): Slice() for r in resources for k in range(slices)}
    capacity = {r.name: sizes(node, r.name) for r in resources}
    size = {(n, r.name): sizes(life, r.name) for n, life in lives.items() for r in resources}
    for at, window in enumerate(node):
        told = {
            r.name: step(
                state[r.name, at % slices],
                samples(window, f"{r.name}_usage"),
                capacity[r.name][at],
                {name: (life[at], size[name, r.name][at]) for name, life in lives.items()},
                r,
                keep=keep,
                aggregation=aggreg,
                verdict=verdicts[at][column],
            )
            for column, r in enumerate(resources)
        }
        for r in resources:
            forget([state[r.name, k].vms for k in range(slices)], at % slices)
        yield told


def forget(slices: Sequence[Mapping[str, Vm]], now: int) -> None:
    """Ours, not the predecessor's: a VM that was away in one slice is new in all of them."""
    for name, vm in slices[now].items():
        if not vm.alive:
            for each in slices:
                if name in each:
                    each[name].windows.clear()
