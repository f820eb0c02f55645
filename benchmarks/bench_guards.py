"""How often each guard acts on real traces, what it takes, and what it spares."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import numpy as np

from benchmarks.calibration_data import HOUR, traces
from benchmarks.report import Result
from benchmarks.trace_store import TraceStore
from scroogevm.journal import Journal
from scroogevm.offers.guard import GUARDS
from scroogevm.ports import RESOURCES, Shape, Store
from scroogevm.service.demo import INTERVAL, SCOPE, DemoFleet
from scroogevm.service.estimator import Estimator
from scroogevm.service.feed import Pace
from scroogevm.service.settings import GroupSettings
from scroogevm.stores import open_store

TRACES = ("Bitbrains, 32 cores", "Azure V2, 8 cores")
DAYS = 14
DEMO_HOURS = 2


class Source(NamedTuple):
    """Samples to judge.

    Attributes:
        name: of the trace.
        store: that has them.
        slice: seconds in a window.
        own: seconds between samples.
        windows: their numbers.
    """

    name: str
    store: Store
    slice: float
    own: float
    windows: range


class Lived(NamedTuple):
    """What came of a run.

    Attributes:
        windows: node-windows of both resources that were judged.
        acted: of these, those in which a guard lowered the offer.
        taken: what it took then, sum of shares of capacity.
        free: sum of what was offered, shares of capacity.
        short: node-windows in which usage was above what was kept back for it.
    """

    windows: int
    acted: Counter[str]
    taken: dict[str, float]
    free: float
    short: int


def run(docs: Path) -> Result:
    del docs
    rows: list[tuple[object, ...]] = []
    with TemporaryDirectory() as folder:
        for source in _sources(Path(folder)):
            name = source.name
            whole = lived(source, ())
            bare = lived(source, GUARDS.names)
            rows += [(name, "none", "", "", *_outcome(bare))]
            for guard in GUARDS.names:
                if not whole.acted[guard]:
                    rows.append((name, guard, 0.0, "", "", ""))
                    continue
                without = lived(source, (guard,))
                acts = 100 * whole.acted[guard] / whole.windows
                takes = 100 * whole.taken[guard] / whole.acted[guard]
                rows.append((name, f"without {guard}", acts, takes, *_outcome(without)))
            rows += [(name, "all", "", "", *_outcome(whole))]
    return Result(
        title="Guards on traces",
        how=f"The driver is calibrated at 1 %, with windows of an hour and the first {DAYS} days "
        "of each trace. The demo fleet has windows of 30 s and "
        f"{DEMO_HOURS} hours. Its nodes stop sending samples, lose their libvirt or get too much "
        "load. `acts` is the share of node-windows (cpu and memory) in which the guard lowered an "
        "offer. `takes` is the share of capacity that it took then. The last two columns are for "
        "the offers without this guard: the mean of free, as a share of capacity, and the share of "
        "node-windows in which usage was above capacity less free. Recorded traces have no signals "
        "of contention, and their lists of VMs never stop. So the guards for these act only on the "
        "demo fleet.",
        columns=("trace", "guards", "acts %", "takes %", "free %", "short %"),
        rows=rows,
        verdict=_verdict(rows),
    )


def lived(source: Source, without: Sequence[str]) -> Lived:
    """Judge all windows with all guards but some."""
    store, slice_, windows = source.store, source.slice, source.windows
    plan = GroupSettings(shadows=(), without=tuple(without)).plan(0.1)
    acted: Counter[str] = Counter()
    taken: defaultdict[str, float] = defaultdict(float)
    judged, free, short = 0, 0.0, 0
    kept: dict[tuple[str, str], float] = {}
    with TemporaryDirectory() as folder, Journal(Path(folder) / "journal.sqlite") as journal:
        shape = Shape(slice_, slice_)
        pace = Pace.of(source.own, slice_)
        estimator = Estimator([plan], shape, pace, lasts=60.0, forget=1e12)
        for number in windows:
            found = estimator.judge(store, journal, number)
            for window in found:
                for resource in RESOURCES:
                    one = window.judged[resource]
                    capacity = one.offer.capacity
                    known = np.isfinite(capacity)
                    judged += int(known.sum())
                    free += float((one.offer.free[known] / capacity[known]).sum())
                    for change in one.offer.changes:
                        lost = change.free_from - change.free_to
                        share = lost / capacity[change.node]
                        lowered = share > 1e-9
                        acted[change.guard] += int(lowered.sum())
                        taken[change.guard] += float(share[lowered].sum())
                    said = zip(window.nodes, one.p99.tolist(), strict=True)
                    short += sum(
                        used > kept.get((node, resource), np.inf) + 1e-6 for node, used in said
                    )
                    left = (capacity - one.offer.free).tolist()
                    kept |= {
                        (node, resource): each
                        for node, each in zip(window.nodes, left, strict=True)
                    }
            estimator.commit(journal, number, found, 0.0, tell=False)
    return Lived(judged, acted, taken, free, short)


def _sources(folder: Path) -> Iterator[Source]:
    for name, make in traces(folder):
        if name in TRACES and make is not None:
            yield Source(name, TraceStore(make(), HOUR), HOUR, 300.0, range(DAYS * 24))
    begin = 1_700_000_400.0
    until = begin + 3600 * DEMO_HOURS
    with open_store(f"embedded:{folder / 'demo'}") as store:
        store.write(list(DemoFleet(20).samples(begin, until + SCOPE)))
        numbers = range(int(begin // SCOPE), int(until // SCOPE))
        yield Source("demo fleet, 20 nodes", store, SCOPE, INTERVAL, numbers)


def _outcome(found: Lived) -> tuple[float, float]:
    return 100 * found.free / found.windows, 100 * found.short / found.windows


def _verdict(rows: Sequence[Sequence[object]]) -> str:
    names = list(dict.fromkeys(str(row[0]) for row in rows))
    said = []
    for name in names:
        mine = {str(row[1]): row for row in rows if row[0] == name}
        bare, whole = mine["none"], mine["all"]
        said.append(
            f"{name}: {whole[5]:.2g} % of node-windows fall short with all guards, {bare[5]:.2g} % "
            f"with none, for {whole[4]:.3g} % of capacity offered instead of {bare[4]:.3g} %"
        )
    return "; ".join(said) + "."
