"""Quiescence tests against windows whose label is known."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmarks.report import Result
from scroogevm.errors import MissingExtraError
from scroogevm.ports import CPU, QUIESCENCE, QuiescenceTest
from scroogevm.traces.labelled import FAMILIES, Labelled, confusion, labelled, read_labelled

SHARED = Path(__file__).parents[2] / "shared" / "quiescence" / "cases.json"
CAPACITY, INTERVAL = 256.0, 5.0
SEED, ROUNDS = 2024, 25
FRONTIER = ("shift(ramp=0.75)", "shift(between=1)", "shift(share=0.02)")
"""Other limits: better on some windows and worse on others."""
Row = tuple[str, str, int, int, int, int, float, float, float, float]


def run(docs: Path) -> Result:
    del docs
    sets = case_sets()
    rows: list[Row] = []
    left_out = []
    first = next(labelled(SEED, 1))
    for name in (*QUIESCENCE.names, *FRONTIER):
        test: QuiescenceTest = QUIESCENCE.build(name, CPU)
        try:
            test.judge(first.history())  # compiles what is compiled
        except MissingExtraError as missing:
            left_out.append(f" {name} was left out: {missing}.")
            continue
        for cases, members in sets.items():
            start = time.perf_counter()
            seen = confusion(test, members)
            each = (time.perf_counter() - start) / len(members)
            counts = (seen.tp, seen.fp, seen.tn, seen.fn)
            rows.append((name, cases, *counts, seen.accuracy, seen.f1, seen.matthews, each))
    return Result(
        title="Quiescence tests on labelled windows",
        how="`labelled` are windows that the authors of ScroogeVM labelled by hand. The others are "
        f"generated with seed {SEED}, by kind of change. Half of the changes matter. `stable` is "
        "the positive class: tp is stable with the verdict stable, fp is not stable with the "
        "verdict stable. `seconds` is the time of a verdict on one node; in a fleet it is shorter. "
        "The last tests are shift with other limits.",
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
        verdict="The first tests by Matthews correlation, with their defaults: "
        f"{', '.join(best(rows, cases) for cases in sets)}." + "".join(left_out),
    )


def case_sets() -> Mapping[str, Sequence[Labelled]]:
    """Cases by name; those labelled by hand only where they lie beside the checkout."""
    generated = list(labelled(SEED, ROUNDS))
    sets = {name: [one for one in generated if one.family == name] for name in FAMILIES}
    by_hand = {"labelled": read_labelled(SHARED, CAPACITY, INTERVAL)} if SHARED.exists() else {}
    return {**by_hand, "all generated": generated, **sets}


def best(rows: Sequence[Row], cases: str) -> str:
    """The first test on these windows."""
    name, *_, matthews, _ = max(
        (row for row in rows if row[1] == cases and row[0] not in FRONTIER), key=lambda row: row[8]
    )
    return f"{name} on {cases} ({matthews:.2f})"
