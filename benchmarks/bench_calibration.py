"""Rates that calibrated was asked for and got, beside others with parameters of hindsight."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.calibration_data import HOUR, traces
from benchmarks.report import Result
from scroogevm.core.arrays import Floats
from scroogevm.core.check import check
from scroogevm.core.statistics import Ranked
from scroogevm.core.window import Window
from scroogevm.engine import Engine
from scroogevm.ports import CPU, MEM, STRATEGIES
from scroogevm.runner import Lockstep, Runner, lockstep
from scroogevm.traces.format import open_trace
from scroogevm.traces.options import ReadOptions

RISKS = (0.01, 0.02, 0.05, 0.1)
AIMS = (0.75, 0.82, 0.93, 0.97)
KEPT, ENOUGH = 4, 100
SIGMAS = (0.5, 1, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10, 12)
FACTORS = (0.6, 0.7, 0.8, 0.9, 1, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7, 2, 2.5, 3, 4)
SWEPT = [f"n-sigma(n={n})" for n in SIGMAS] + [
    f"margin({inner}, by={by})" for inner in ("rc-like", "percentile") for by in FACTORS
]
"""What the aims are relative to."""
OTHERS = [
    f"margin({inner}, by={by})"
    for inner in ("greedy", "google-per-vm", "google-per-machine", "google-n-sigma")
    for by in (0.7, 0.85, 1, 1.2, 1.5, 2, 3)
]
OURS = [f"calibrated(risk={risk})" for risk in RISKS]
Row = tuple[str, float, float, float, float, str, float, float, str, float]


@dataclass(frozen=True, eq=False)
class Seen:
    """How far usage lay above the promises of one trace, as shares of capacity.

    Attributes:
        excess: by strategy, (node-windows,).
        late: (node-windows,), whether enough was known to calibrate.
    """

    excess: Mapping[str, Floats]
    late: Floats


def run(docs: Path) -> Result:
    del docs
    rows: list[Row] = []
    absent = []
    with TemporaryDirectory() as scratch:
        for name, write in traces(Path(scratch)):
            if write is None:
                absent.append(name)
                continue
            path = write()
            rows += judged(name, replayed(path, CPU))
            if name == "Bitbrains, 64 cores":
                rows += judged(f"{name}, memory", replayed(path, MEM))
    return Result(
        title="Calibrated: asked and got",
        how="Windows of an hour with 12 samples, K = 4. `rate` is the share of node-windows whose "
        "percentile 99, without VMs that arrived since, was above the demand. `check` is the mean "
        "check function at the requested risk, in thousandths of capacity. `best` is the smallest "
        "check of n-sigma(n), n x rc-like and n x percentile(99), with n chosen in hindsight. "
        "`other` is the smallest check of greedy and google's, each with a factor chosen in "
        "hindsight. `ratio` is our check divided by the best one. `later` is the ratio without "
        "the first windows. In these, calibrated has too few scores for a risk of 1 % and frees "
        "nothing.",
        columns=(
            "trace", "asked %", "rate %", "check", "best", "of", "ratio", "later", "other", "is",
        ),
        rows=rows,
        verdict=verdict(rows)
        + (f" Not measured, because the data are missing: {', '.join(absent)}." if absent else ""),
    )  # fmt: skip


def verdict(rows: Sequence[Row]) -> str:
    """The aims and the results."""
    if not rows:
        return "Nothing was measured."
    parts = []
    for risk, aim in zip(RISKS, AIMS, strict=True):
        mine = [row for row in rows if row[1] == 100 * risk]
        ratio, later = (float(np.exp(np.mean(np.log([row[i] for row in mine])))) for i in (6, 7))
        worst = max(mine, key=lambda row: row[6])
        off = max(mine, key=lambda row: abs(row[2] / row[1] - 1))
        parts.append(
            f"{100 * risk:g} %: geometric mean of the ratios {ratio:.2f} ({later:.2f} later; aim "
            f"{aim}), worst {worst[6]:.2f} ({worst[0]}); least exact rate {off[2]:.2f} % "
            f"({off[0]})"
        )
    return ". ".join(parts) + "."


def judged(name: str, seen: Seen) -> Iterator[Row]:
    """A row for each risk."""
    late = seen.late > 0
    for risk, ours in zip(RISKS, OURS, strict=True):
        cost = {key: 1000 * float(check(e, risk).mean()) for key, e in seen.excess.items()}
        later = {key: float(check(e[late], risk).mean()) for key, e in seen.excess.items()}
        best, other = min(SWEPT, key=cost.__getitem__), min(OTHERS, key=cost.__getitem__)
        rate = 100 * float((seen.excess[ours] > 1e-9).mean())
        yield (
            name, 100 * risk, rate, cost[ours], cost[best], best, cost[ours] / cost[best],
            later[ours] / min(later[key] for key in SWEPT), other, cost[other],
        )  # fmt: skip


def replayed(path: Path, resource: str) -> Seen:
    """What came of every strategy's promises."""
    chunks = [load() for load in open_trace(path, ReadOptions(scope=HOUR)).loads()]
    names = [*OURS, *SWEPT, *OTHERS]
    strategies = {resource: {name: STRATEGIES.build(name, resource) for name in names}}
    engine = Engine(strategies, KEPT, seconds=HOUR)
    nodes = sum(len(chunk.nodes) for chunk in chunks)
    first = 2 * KEPT + ceil(ENOUGH / nodes)
    together = Lockstep([Runner(engine) for _ in chunks])
    before: dict[int, tuple[Window, Mapping[str, Floats]]] = {}
    parts: dict[str, list[Floats]] = {name: [] for name in (*names, "late")}
    for steps in lockstep(together, [chunk.occurrences for chunk in chunks]):
        for at, step in enumerate(steps):
            if step is None:
                continue
            window, number = step.occurrence.windows[resource], step.occurrence.number
            told = {key: answer.demand for key, answer in step.estimates[resource].items()}
            if at in before and number > KEPT:
                old, promised = before[at]
                usage = without_new(old, window)
                known = np.isfinite(usage) & (old.allocated > 0)
                for key, demand in promised.items():
                    over = (usage - np.maximum(demand, 0.0)) / window.capacity
                    parts[key].append(over[known])
                parts["late"].append(np.full(np.count_nonzero(known), float(number > first)))
            before[at] = window, told
    whole = {key: np.concatenate(values) for key, values in parts.items()}
    return Seen({key: whole[key] for key in names}, whole["late"])


def without_new(before: Window, now: Window) -> Floats:
    """Percentile 99 of the usage without VMs that came, (nodes,)."""
    vms = now.vms.only(before.vms.find(now.vms.ids) < 0)
    if not vms.ids.size:
        return now.p99
    theirs = vms.sum_rows(np.nan_to_num(vms.usage), now.nodes)
    others: Floats = Ranked.of(np.maximum(0.0, now.usage - theirs)).percentile(99)
    return np.where(np.bincount(vms.node, minlength=now.nodes) > 0, others, now.p99)
