"""The loop hands every chunk to every sink, in order, however many processes judge."""

import multiprocessing
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from multiprocessing import connection
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from helpers import NAN, occurrences_of, random_windows, spec_of, steps, walked, window_of
from scroogevm.core.arrays import Floats
from scroogevm.errors import TraceError
from scroogevm.executors.processes import Processes
from scroogevm.pipeline import run
from scroogevm.ports import CPU, MEM, RESOURCES, STRATEGIES, Chunk, Remark, Shape, Step
from scroogevm.traces.chunk import RecordedChunk
from scroogevm.traces.manifest import Manifest
from scroogevm.wiring.engines import Engines

SHAPE = Shape(scope=3600, slice=1800, history=2)
NAMES = ("doa", "greedy", "google-per-vm", "rc-like", "oracle")
ENGINES = Engines(
    {r: {name: STRATEGIES.build(spec_of(name), r) for name in NAMES} for r in RESOURCES}, 0.1
)
Load = Callable[[], Chunk]


def chunk_of(seed: int) -> RecordedChunk:
    """A chunk of random windows, with a remark."""
    occurrences = occurrences_of(random_windows(seed, missing=0.1), slices=2)
    remarks = (Remark("odd", f"chunk {seed}", seed),)
    return RecordedChunk(SHAPE, occurrences[0].nodes, occurrences, remarks)


def alive() -> list[Any]:
    """Child processes that run; one that has ended may still be listed for a moment."""
    children = multiprocessing.active_children()
    return [one for one in children if not connection.wait([one.sentinel], timeout=0)]


@dataclass
class Listed:
    """A source of chunks at hand: they are pickled whole."""

    chunks: Sequence[RecordedChunk]

    def loads(self) -> Sequence[Load]:
        return [partial(replace, chunk) for chunk in self.chunks]


Demands = dict[tuple[str, str], Floats]


class Demanding:
    """A page that keeps every demand, (windows, nodes)."""

    def __init__(self, _: Chunk) -> None:
        self.rows: dict[tuple[str, str], list[Floats]] = {}

    def take(self, step: Step) -> None:
        for resource, answers in step.estimates.items():
            for name, estimate in answers.items():
                self.rows.setdefault((resource, name), []).append(estimate.demand)

    def close(self) -> Demands:
        return {pair: np.stack(rows) for pair, rows in self.rows.items()}


@dataclass
class Collected:
    """A sink that keeps what it gets."""

    records: list[Demands] = field(default_factory=list)

    @property
    def open(self) -> type[Demanding]:
        return Demanding

    def accept(self, content: Demands) -> None:
        self.records.append(content)


def test_every_sink_gets_every_chunk_in_order_with_the_engines_own_answers() -> None:
    chunks = [chunk_of(seed) for seed in range(3)]
    one, other, told = Collected(), Collected(), list[int]()
    remarks = run(Listed(chunks), ENGINES, [one, other], told.append)
    assert [remark.number for remark in remarks] == [0, 1, 2]
    assert told == [24, 24, 24]
    for sink in (one, other):
        for record, chunk in zip(sink.records, chunks, strict=True):
            _, done = steps(ENGINES(SHAPE), walked(chunk))
            for (resource, name), demand in record.items():
                expected = [step.estimates[resource][name].demand for step in done]
                np.testing.assert_array_equal(demand, expected)
            assert {resource for resource, _ in record} == {CPU, MEM}


def test_several_processes_give_what_one_gives() -> None:
    chunks = [chunk_of(seed) for seed in range(3)]
    alone, shared = Collected(), Collected()
    first = run(Listed(chunks), ENGINES, [alone])
    second = run(Listed(chunks), ENGINES, [shared], executor=Processes(2))
    assert list(first) == list(second)
    for one, other in zip(alone.records, shared.records, strict=True):
        assert one.keys() == other.keys()
        for pair in one:
            np.testing.assert_array_equal(one[pair], other[pair])
    assert alive() == []


def test_processes_of_others_are_left_alone() -> None:
    context = multiprocessing.get_context("spawn")
    bell = context.Event()
    other = context.Process(target=bell.wait)
    other.start()
    try:
        run(Listed([chunk_of(0), chunk_of(1)]), ENGINES, [Collected()], executor=Processes(2))
        assert other.is_alive()
    finally:
        other.terminate()
        other.join()


@dataclass
class Broken:
    """A source whose second chunk cannot be read."""

    place: Path

    def loads(self) -> Sequence[Callable[[], Any]]:
        good = Listed([chunk_of(0), chunk_of(2)]).loads()
        return [good[0], partial(Manifest.read, self.place), good[1]]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_chunk_that_cannot_be_read_ends_the_run_with_its_own_line(
    tmp_path: Path, workers: int
) -> None:
    sink = Collected()
    with pytest.raises(TraceError, match="cannot be read: No such file or directory; a trace"):
        run(Broken(tmp_path), ENGINES, [sink], executor=Processes(workers))
    assert len(sink.records) == 1
    assert alive() == []


class Interrupted(Collected):
    """A sink in which the user's interrupt arrives."""

    def accept(self, content: Demands) -> None:
        super().accept(content)
        raise KeyboardInterrupt


def test_no_worker_goes_on_after_an_interrupt_between_two_chunks() -> None:
    chunks = [chunk_of(seed) for seed in range(6)]
    try:
        run(Listed(chunks), ENGINES, [Interrupted()], executor=Processes(2))
    except KeyboardInterrupt:
        # Looked at while the error still holds on to the loop, as whoever cleans up does.
        left = alive()
    assert left == []


def test_a_source_without_chunks_gives_nothing() -> None:
    sink = Collected()
    assert not run(Listed([]), ENGINES, [sink], executor=Processes(2))
    assert not sink.records


class Times:
    """A page that keeps end and peak of each window of the first node."""

    def __init__(self, _: Chunk) -> None:
        self.rows: list[tuple[float, float]] = []

    def take(self, step: Step) -> None:
        occurrence = step.occurrence
        self.rows.append((occurrence.end, float(occurrence.windows[CPU].maximum[0])))

    def close(self) -> list[tuple[float, float]]:
        return self.rows


@dataclass
class Timed:
    """A sink that keeps what it gets."""

    records: list[list[tuple[float, float]]] = field(default_factory=list)
    open = Times

    def accept(self, content: list[tuple[float, float]]) -> None:
        self.records.append(content)


def test_windows_are_stepped_through_once_each_in_order_of_time() -> None:
    windows = [window_of([[float(i)], [NAN]]) for i in range(5)]
    chunk = RecordedChunk(SHAPE, ["a", "b"], occurrences_of(windows, slices=2))
    sink = Timed()
    run(Listed([chunk]), ENGINES, [sink])
    (found,) = sink.records
    assert [end for end, _ in found] == [1800.0 * (i + 1) for i in range(5)]
    assert [peak for _, peak in found] == [0, 1, 2, 3, 4]
