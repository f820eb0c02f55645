"""Quiescence tests against windows whose label is known, and their time for a fleet."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from benchmarks.report import Result
from scroogevm.core.history import History
from scroogevm.core.window import VMs, Window
from scroogevm.errors import MissingExtraError
from scroogevm.ports import CPU, QUIESCENCE, QuiescenceTest
from scroogevm.traces.labelled import FAMILIES, KEPT, Labelled, confusion, labelled, read_labelled

SHARED = Path(__file__).parents[2] / "shared" / "quiescence" / "cases.json"
CAPACITY, INTERVAL = 256.0, 5.0
SEED, ROUNDS = 2024, 25
NODES, SAMPLES, RESOURCES = 10_000, 360, 2


def run(docs: Path) -> Result:
    del docs
    sets, fleet = case_sets(), history()
    rows: list[tuple[str, str, int, int, int, int, float, float, float, float]] = []
    said = []
    for name in QUIESCENCE.names:
        test: QuiescenceTest = QUIESCENCE.build(name, CPU)
        try:
            seconds = RESOURCES * took(test, fleet)
        except MissingExtraError as missing:
            said.append(f"{name} was left out: {missing}")
            continue
        said.append(f"{name} {seconds:.2g} s")
        for cases, members in sets.items():
            start = time.perf_counter()
            seen = confusion(test, members)
            each = (time.perf_counter() - start) / len(members)
            counts = (seen.tp, seen.fp, seen.tn, seen.fn)
            rows.append((name, cases, *counts, seen.accuracy, seen.f1, seen.matthews, each))
    return Result(
        title="Quiescence tests on labelled windows",
        how="`labelled` are the windows that the authors of ScroogeVM labelled by hand; the others "
        f"are generated, with seed {SEED}, by kind of change: half of them matter. `stable` is the "
        "positive: tp is stable and said to be, fp was said to be and is not. `seconds` is what a "
        "verdict on one node takes; in a fleet it takes less.",
        columns=(
            "test",
            "windows",
            "tp",
            "fp",
            "tn",
            "fn",
            "accuracy",
            "F1",
            "Matthews",
            "seconds",
        ),
        rows=rows,
        verdict=f"For {NODES} nodes, {RESOURCES} resources, {KEPT} kept windows of {SAMPLES} "
        f"samples: {', '.join(said)}; the aims are 20 s for lstm and 3 s for shift.",
    )


def case_sets() -> Mapping[str, Sequence[Labelled]]:
    """Cases by name; those labelled by hand only where they lie beside the checkout."""
    generated = list(labelled(SEED, ROUNDS))
    sets = {name: [one for one in generated if one.family == name] for name in FAMILIES}
    by_hand = {"labelled": read_labelled(SHARED, CAPACITY, INTERVAL)} if SHARED.exists() else {}
    return {**by_hand, "all generated": generated, **sets}


def history() -> History:
    """What a test is asked about a fleet, one resource."""
    rng = np.random.default_rng(SEED)
    capacity = np.full(NODES, CAPACITY)
    windows = [
        Window(rng.normal(80.0, 8.0, (NODES, SAMPLES)), capacity, capacity, VMs.none())
        for _ in range(KEPT + 1)
    ]
    return History(tuple(windows[:-1]), windows[-1], kept=KEPT)


def took(test: QuiescenceTest, fleet: History) -> float:
    """Seconds for one resource of the fleet, once what is compiled has been compiled."""
    test.judge(next(labelled(SEED, 1)).history())
    start = time.perf_counter()
    test.judge(fleet)
    return time.perf_counter() - start
