"""Pages settle each step at once: what they hold does not grow with windows."""

import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from driving import Chunks
from helpers import occurrences_of, random_windows, some_nodes, strategy_of
from scroogevm.engine import Engine
from scroogevm.executors.processes import Processes
from scroogevm.pipeline import run
from scroogevm.ports import CPU, QUIESCENCE, RESOURCES, Shape, Strategy
from scroogevm.reports import table
from scroogevm.reports.node_selection import NODES_SHOWN, Focus
from scroogevm.reports.provenance import About
from scroogevm.reports.quiescence import QuiescenceSinks
from scroogevm.reports.replay import replay_sinks
from scroogevm.runner import Runner, replay
from scroogevm.strategies._verdict import TestRunner
from scroogevm.traces.chunk import RecordedChunk

SHAPE = Shape(1800.0, 1800.0, history=2)
Strategies = Mapping[str, Mapping[str, Strategy]]
NAMES = ("greedy", "borg", "doa", "persistence")
STRATEGIES: Strategies = {r: {n: strategy_of(n, r) for n in NAMES} for r in RESOURCES}
TESTS: Strategies = {r: {"shift": TestRunner(QUIESCENCE.build("shift", r))} for r in RESOURCES}


def chunk_of(count: int, nodes: int = 6) -> RecordedChunk:
    """The same ten windows over and over."""
    windows = random_windows(1, nodes=nodes, count=10)
    names = tuple(f"n{node}" for node in range(nodes))
    repeated = [windows[number % 10] for number in range(count)]
    occurrences = [replace(one, nodes=names) for one in occurrences_of(repeated)]
    return RecordedChunk(SHAPE, names, occurrences)


def held(open_page: Any, chunk: RecordedChunk, strategies: Strategies) -> int:
    """Bytes of everything that a page holds after its last step."""
    page = open_page(replace(chunk, occurrences=()))
    for step in replay(Runner(Engine(strategies, kept=3)), chunk.occurrences):
        page.take(step)
    return len(pickle.dumps(page))


class Windows(RecordedChunk):
    """A chunk that says how many windows it has without having them."""

    windows = 1000


@pytest.mark.parametrize("how", ["scores", "estimates"])
def test_what_a_page_of_a_replay_holds_does_not_grow_once_its_buffers_are_full(
    tmp_path: Path, how: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Blocks have 64 windows, strips 256, lines 512.
    monkeypatch.setattr(table, "ROWS_OF_A_PART", 2000)
    sizes = []
    for count in (640, 1664):
        sinks = replay_sinks(tmp_path, STRATEGIES, figures=False, estimates=how == "estimates")
        sizes.append(held(sinks[0].open, chunk_of(count), STRATEGIES))
    # A few rows more or less wait for the next file of rows.
    assert sizes[1] <= (1.02 if how == "scores" else 1.3) * sizes[0]


def test_the_totals_after_two_hundred_windows_are_as_large_as_after_twenty(tmp_path: Path) -> None:
    sizes = []
    # These say the same whenever they meet the same windows, so that no new shortfalls come.
    said = {r: {n: STRATEGIES[r][n] for n in ("borg", "persistence")} for r in RESOURCES}
    for count in (20, 200):
        sinks = replay_sinks(tmp_path, said, figures=False)
        chunk = chunk_of(count)
        page = sinks[0].open(chunk)
        for step in replay(Runner(Engine(said, kept=3)), chunk.occurrences):
            page.take(step)
        counted, *_ = page.close()
        arrays = counted.ledger.arrays()
        sizes.append({name: array.shape for name, array in arrays.items()})
    assert sizes[0] == sizes[1]


def test_a_page_of_quiescence_tests_does_not_grow_either(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(table, "ROWS_OF_A_PART", 2000)
    sizes = []
    for count in (768, 1792):
        sinks = QuiescenceSinks(tmp_path, About([], [], {}), figures=False)
        chunk = Windows(SHAPE, chunk_of(1).nodes, chunk_of(count).occurrences)
        sizes.append(held(sinks.sinks[0].open, chunk, TESTS))
    assert sizes[1] <= 1.3 * sizes[0]


def outcome(
    directory: Path, chunks: list[RecordedChunk], workers: int, *, together: bool = False
) -> Mapping[str, pl.DataFrame]:
    directory.mkdir()
    sinks = replay_sinks(directory, STRATEGIES, figures=False, estimates=True)
    run(Chunks(chunks), _engine, sinks, executor=Processes(workers), together=together)
    found = {"shown": sinks.close().scores}
    for name in ("scores", "node-scores", "estimates", "memos", "verdicts", "series"):
        found[name] = pl.read_parquet(directory / f"{name}.parquet")
    assert not [path for path in directory.iterdir() if path.is_dir()]
    return found


def _engine(shape: Shape) -> Engine:
    return Engine(STRATEGIES, shape.kept, shape.slices)


def test_processes_and_lockstep_give_the_same_bits_in_every_table(tmp_path: Path) -> None:
    windows = random_windows(5, nodes=7, count=80, missing=0.2)
    chunks = []
    for part in ([0, 1, 2], [3], [4, 5, 6]):
        names = tuple(f"n{node}" for node in part)
        occurrences = occurrences_of([some_nodes(window, part) for window in windows])
        named = [replace(one, nodes=names) for one in occurrences]
        chunks.append(RecordedChunk(SHAPE, names, named))
    one = outcome(tmp_path / "one", chunks, 1)
    for name, other in (
        ("two", outcome(tmp_path / "two", chunks, 2)),
        ("lockstep", outcome(tmp_path / "lockstep", chunks, 1, together=True)),
    ):
        for file, frame in one.items():
            assert frame.equals(other[file]), (name, file)
    mixed = outcome(tmp_path / "mixed", chunks[::-1], 1)
    assert one["scores"].equals(mixed["scores"])
    keys = ("node", "resource", "strategy")
    assert_frame_equal(
        one["node-scores"].sort(keys), mixed["node-scores"].sort(keys), check_exact=True
    )


def test_every_estimate_is_written_only_when_it_is_asked_for(tmp_path: Path) -> None:
    for estimates in (False, True):
        directory = tmp_path / str(estimates)
        directory.mkdir()
        sinks = replay_sinks(directory, STRATEGIES, figures=False, estimates=estimates)
        run(Chunks([chunk_of(5)]), _engine, sinks)
        found = sinks.close()
        stems = {path.stem for path in directory.iterdir()}
        assert {"scores", "node-scores", "series", "report", "replay"} <= stems
        assert ({"estimates", "memos", "verdicts"} <= stems) == estimates
        assert found.verdicts[CPU, "greedy"].judged == 6 * 2


def test_few_nodes_are_watched_and_those_of_most_interest_are_among_them() -> None:
    focus = Focus(100, 32)
    assert focus.follow(np.zeros(100)) == []
    interest = np.zeros(100)
    interest[[70, 90]] = [1.0, 2.0]
    turned = focus.follow(interest)
    assert {int(focus.nodes[place]) for place in turned} == {70, 90}
    first = NODES_SHOWN // 3
    assert focus.nodes[:first].tolist() == list(range(first))
    assert focus.follow(interest) == []
    assert Focus(10, 32).follow(np.arange(10.0)) == []
