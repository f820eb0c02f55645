"""What quiescence buys: greedy with each test, with none, and beside a margin that never moves."""

import tempfile
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from benchmarks.report import Result
from scroogevm.config import ReplaySettings
from scroogevm.ports import QUIESCENCE, RESOURCES, Shape
from scroogevm.reports.table import Format
from scroogevm.scoring import ROUNDING
from scroogevm.traces.generate import Workload, generate
from scroogevm.traces.placement.place import Placing, place
from scroogevm.wiring.replay import replay

SHARED = Path(__file__).parents[2] / "shared"
BITBRAINS = SHARED / "data" / "bitbrains-rnd-60d.parquet"
GOLDEN = SHARED / "golden"
DEMO_NODES, SEED = 10, 1
CORES, SCOPE = 64.0, 3600.0
BOUNDS = {"never quiescent": "mean-band(a=0)", "always quiescent": "mean-band(a=1e9)"}
"""Bands so narrow, or so wide, that they say the same of any window."""
FIXED = tuple(np.arange(0.0, 10.01, 0.25).tolist())
"""Deviations of margins that never move."""
LEAST = 2.0
"""Greedy's least margin, which a quiescent node comes down to."""
SHORT = ["node", "window", "resource", "strategy", "capacity", "shortfall"]
QUIET: Sequence[Format] = ("parquet",)


def run(docs: Path) -> Result:
    del docs
    tests = {**BOUNDS, **{name: name for name in QUIESCENCE.names}}
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, traces in workloads(Path(folder)).items():
            for resource in RESOURCES:
                rows += [(f"{name}, {resource}", *row) for row in compare(traces, resource, tests)]
    return Result(
        title="What quiescence buys greedy",
        how=f"Demo: the demo's two workloads with {DEMO_NODES} nodes each. Bitbrains: "
        f"{BITBRAINS.name} on nodes of {CORES:g} cores with scopes of an hour. Golden: the traces "
        "of the research prototype. `quiescent` is a share of all windows. `r` is the mean margin "
        "in deviations. The next columns are the fixed margin with the same savings (n-sigma, "
        "interpolated), and its violations. The last two columns say how often "
        f"{LEAST:g} deviations, greedy's smallest margin, were too little for the next window: "
        "after quiescent windows, and after the others. A test that finds when a small margin is "
        "enough has the smaller number in the first of the two.",
        columns=(
            "workload",
            "test",
            "quiescent",
            "r",
            "savings",
            "violations",
            "p99 severity",
            "misprediction",
            "same savings: n",
            "its violations",
            f"wrong with {LEAST:g}: after quiescent",
            "after others",
        ),
        rows=rows,
        verdict="[What quiescence buys](../explanation/what-quiescence-buys.md) has more.",
    )


def workloads(folder: Path) -> Mapping[str, Sequence[Path]]:
    """Traces by name; those beside the checkout only where they lie there."""
    demo = []
    for scenario in ("decreasing", "increasing"):
        generate(Workload(scenario=scenario, nodes=DEMO_NODES, seed=SEED), folder / scenario)
        demo.append(folder / scenario)
    found: dict[str, Sequence[Path]] = {"demo": demo}
    if BITBRAINS.exists():
        place(BITBRAINS, folder / "bitbrains", Placing(cores=CORES, shape=Shape(SCOPE, SCOPE)))
        found["Bitbrains"] = [folder / "bitbrains"]
    if GOLDEN.exists():
        found["golden"] = sorted(GOLDEN.glob("*.json.xz"))
    return found


def compare(
    traces: Sequence[Path], resource: str, tests: Mapping[str, str]
) -> Sequence[tuple[Any, ...]]:
    """A row of scores for each test."""
    asked = {f"greedy({spec})": name for name, spec in tests.items()}
    fixed = {f"n-sigma(n={n:g})": n for n in FIXED}
    with tempfile.TemporaryDirectory() as folder:
        output = Path(folder) / "out"
        settings = ReplaySettings(
            traces,
            output,
            [*asked, *fixed],
            formats=QUIET,
            estimates=True,
            figures=False,
            workers=1,
        )
        scores = replay(settings, lambda _: nullcontext(lambda _: None)).scores
        memos = pl.read_parquet(output / "memos.parquet").filter(resource=resource)
        next_time = violations(output / "estimates.parquet", resource)
    scored = {row["strategy"]: row for row in scores.filter(resource=resource).to_dicts()}
    margins = sorted((scored[text]["savings"], n, scored[text]) for text, n in fixed.items())
    savings = [each[0] for each in margins]
    rows = []
    for text, name in asked.items():
        score = scored[text]
        kept = memos.filter(strategy=text)
        mean = dict(kept.group_by("name").agg(pl.col("value").mean()).iter_rows())
        same_n = np.interp(score["savings"], savings, [each[1] for each in margins])
        same = np.interp(score["savings"], savings, [each[2]["violation_rate"] for each in margins])
        rows.append(
            (
                name,
                percent(mean["quiescent"]),
                mean["r"],
                percent(score["savings"]),
                percent(score["violation_rate"]),
                percent(score["p99_severity"]),
                score["misprediction"],
                float(same_n),
                percent(float(same)),
                *after(kept.filter(name="quiescent"), kept.filter(name="judged"), next_time),
            )
        )
    return rows


def violations(estimates: Path, resource: str) -> pl.DataFrame:
    """Whether a margin of LEAST deviations, given in a window, was too little in the next one."""
    rows = pl.read_parquet(estimates, columns=SHORT).filter(resource=resource)
    rows = rows.filter(pl.col("strategy") == f"n-sigma(n={LEAST:g})").drop_nulls("shortfall")
    wrong = pl.col("shortfall") > ROUNDING * pl.col("capacity")
    return rows.select("node", pl.col("window") - 1, wrong=wrong)


def after(quiescent: pl.DataFrame, judged: pl.DataFrame, wrong: pl.DataFrame) -> Sequence[str]:
    """How often LEAST was too little after quiescent windows, and after others."""
    keys = ["node", "window"]
    seen = quiescent.join(judged.filter(pl.col("value") > 0), on=keys, how="semi")
    both = seen.join(wrong, on=keys)
    rates = dict(both.group_by("value").agg(pl.col("wrong").mean()).iter_rows())
    return [percent(rates[value]) if value in rates else "-" for value in (1.0, 0.0)]


def percent(share: Any) -> str:
    """As people read it."""
    return f"{100 * share:.1f} %"
