"""Verdicts in words, in tables and as counts, whatever test they come from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from driving import drive
from helpers import NAN, occurrences_of, random_windows, strategy_of
from scroogevm.core.history import History
from scroogevm.core.window import Window
from scroogevm.engine import Engine
from scroogevm.ports import CPU, MEM, QUIESCENCE, RESOURCES, Chunk, Shape, Strategy
from scroogevm.reports.record import Moment, Record
from scroogevm.reports.settling import ReportPart, Settling
from scroogevm.reports.verdict_table import VerdictTable
from scroogevm.reports.verdicts import VERDICTS, Verdicts, verdicts_of
from scroogevm.strategies._verdict import TestRunner
from scroogevm.traces.chunk import RecordedChunk

Gaps = Mapping[str, Sequence[tuple[float, float]]]


def said(gaps: Gaps, *, judged: bool = True, measured: bool = True, **beside: float) -> Verdicts:
    """Verdicts on one node, from gaps and limits window by window."""
    evidence = {}
    for name, pairs in gaps.items():
        found = np.array(pairs)
        evidence[name], evidence[f"{name}_limit"] = found[:, [0]], found[:, [1]]
    size = (len(next(iter(gaps.values()), [0])), 1)
    below = [abs(evidence[name]) < evidence[f"{name}_limit"] for name in gaps]
    quiescent = np.logical_and.reduce(below) & judged if below else np.zeros(size, np.bool_)
    every = {name: np.full(size, value) for name, value in beside.items()}
    full = np.ones(size, np.bool_)
    return Verdicts(quiescent, full & judged, full & measured, 4, {**evidence, **every})


def words(resource: str = CPU, **gaps: tuple[float, float]) -> str:
    (line,) = said({name: [pair] for name, pair in gaps.items()}).words(resource)
    return str(line)


def test_only_gaps_that_reached_their_limit_are_told() -> None:
    told = words(level=(6.2143, 2.6), spread=(1.0, 2.6), trend=(-5.21, 5.2))
    assert told == "level +6.21 cores, limit 2.6; trend -5.21 cores, limit 5.2"


def test_of_a_quiescent_window_the_gap_that_came_closest_is_told() -> None:
    assert words(level=(0.1, 2.6), spread=(-2.0, 2.6), trend=(3.0, 5.2)) == (
        "spread -2 cores, limit 2.6"
    )


def test_a_gap_and_a_limit_that_differ_never_look_the_same() -> None:
    assert words(level=(3.2012, 3.2009)) == "level +3.2012 cores, limit 3.2009"
    assert words(level=(3.2, 3.2)) == "level +3.2 cores, limit 3.2"


def test_memory_is_told_in_the_unit_of_its_figures() -> None:
    assert words(MEM, rmse=(12.5 * 1024, 10 * 1024)) == "rmse +12.5 GiB, limit 10"
    assert words(MEM, rmse=(12345 * 1024, 1024)) == "rmse +12300 GiB, limit 1"


def test_what_nobody_knows_is_told_as_unknown() -> None:
    assert words(trend=(NAN, 5.0), level=(1.0, 3.0)) == "trend unknown, limit 5"
    assert words(level=(1.0, NAN)) == "level +1 cores, no limit known"
    assert words(level=(-0.0, 0.0)) == "level 0 cores, limit 0"


def test_what_has_no_limit_decides_nothing() -> None:
    beside = said({"mean": [(1.0, 3.0)]}, p=0.2)
    assert beside.words(CPU).to_list() == ["mean +1 cores, limit 3"]
    assert list(beside.gaps) == ["mean"]


def test_of_a_window_that_was_not_judged_the_reason_is_told() -> None:
    gaps = {"level": [(NAN, NAN)]}
    assert said(gaps, judged=False).words(CPU).to_list() == [
        "fewer than 4 windows with samples were kept before"
    ]
    assert said(gaps, judged=False, measured=False).words(CPU).to_list() == ["too few samples"]
    assert said({}, judged=False).words(CPU).to_list() == [
        "fewer than 4 windows with samples were kept before"
    ]


class Seen:
    """A part, and its notes, that keep every window."""

    def __init__(self) -> None:
        self.moments: list[Moment] = []

    def open(self, chunk: Chunk) -> "Seen":
        del chunk
        return self

    def take(self, moment: Moment) -> None:
        self.moments.append(moment)

    def close(self) -> None:
        pass

    def accept(self, content: None) -> None:
        pass


def seen(
    windows: Sequence[Window],
    strategies: Mapping[str, Strategy],
    *parts: ReportPart,
    slices: int = 1,
) -> Record:
    """What is handed to parts."""
    nodes = tuple(f"n{at}" for at in range(windows[0].nodes))
    occurrences = [replace(one, nodes=nodes) for one in occurrences_of(windows, slices=slices)]
    chunk = RecordedChunk(Shape(1800.0 * slices, 1800.0, history=1), nodes, occurrences)
    keeper = Seen()
    both = dict.fromkeys(RESOURCES, strategies)
    drive(
        [chunk], lambda shape: Engine(both, shape.kept, shape.slices), [Settling([keeper, *parts])]
    )
    return Record(keeper.moments)


@pytest.mark.parametrize("slices", [1, 2])
@pytest.mark.parametrize("name", QUIESCENCE.names)
def test_every_test_is_asked_of_full_histories_and_its_verdicts_come_through(
    name: str, slices: int
) -> None:
    windows = random_windows(7, nodes=2, count=8, churn=0.05, samples=24)
    test = QUIESCENCE.build(name, CPU)
    found = verdicts_of(seen(windows, {"t": TestRunner(test)}, slices=slices))[CPU, "t"]
    assert found.kept == 2
    assert found.judged[:, 0].tolist() == [number >= 2 * slices for number in range(8)]
    for number in range(2 * slices, 8):
        earlier = windows[number - 2 * slices : number : slices]
        verdict = test.judge(History(tuple(earlier), windows[number], kept=2))
        assert found.quiescent[number].tolist() == verdict.quiescent.tolist()
        for key, array in verdict.evidence.items():
            np.testing.assert_allclose(found.evidence[key][number], array, rtol=1e-12)
    told = found.words(CPU)
    assert not told.is_null().any()
    assert (told.str.len_chars() > 0).all()


def test_a_window_with_too_few_samples_has_no_verdict_though_a_memo_stands() -> None:
    windows = random_windows(8, nodes=2, count=6, samples=20)
    windows[4].usage[0] = NAN
    record = seen(windows, {"greedy": strategy_of("greedy")})
    found = verdicts_of(record)[CPU, "greedy"]
    assert found.judged[4].tolist() == [False, True]
    assert found.words(CPU).to_list()[8] == "too few samples"


def test_greedy_within_another_strategy_is_heard_too() -> None:
    windows = random_windows(9, count=6)
    strategies = {
        name: strategy_of(name, inner=("greedy",)) for name in ("greedy", "margin", "borg")
    }
    found = verdicts_of(seen(windows, strategies))
    assert {name for _, name in found} == {"greedy", "margin"}
    one, other = found[CPU, "greedy"], found[CPU, "margin"]
    assert one.words(CPU).to_list() == other.words(CPU).to_list()


def test_counts_and_tables_tell_the_same(tmp_path: Path) -> None:
    windows = random_windows(10, nodes=3, count=9, samples=24, churn=0.1)
    table = VerdictTable(tmp_path, ["parquet"], column="test", evidence=True, nodes=2)
    test = QUIESCENCE.build("shift", CPU)
    seen(windows, {"t": TestRunner(test)}, table)
    rows = pl.read_parquet(tmp_path / "verdicts.parquet")
    assert set(rows["verdict"]) == set(VERDICTS)
    for resource in RESOURCES:
        mine = rows.filter(resource=resource)
        count = table.counts[resource, "t"]
        number = dict(mine["verdict"].value_counts().iter_rows())
        assert number["quiescent"] == count.quiescent
        assert number["quiescent"] + number["not quiescent"] == count.judged
        assert number["not judged"] == count.unjudged
        assert count.share == count.quiescent / count.judged
        for gap, times in count.exceeded.items():
            moved = mine.filter(pl.col("verdict") == "not quiescent")
            assert moved["decided"].str.contains(gap).sum() == times
            assert (f"{gap} {times}" in count.because) == (times > 0)
    evidence = pl.read_parquet(tmp_path / "evidence.parquet")
    assert set(evidence["name"]) == {
        f"{gap}{end}" for gap in ("level", "spread", "trend") for end in ("", "_limit")
    }
    assert [row["node"] for row in table.shown] == ["n0"] * 18 + ["n1"] * 18
    one = next(row for row in table.shown if row["verdict"] != "not judged")
    key = (pl.col(name) == one[name] for name in ("node", "window", "resource"))
    values = dict(evidence.filter(*key).select("name", "value").iter_rows())
    assert one["evidence"] == values
