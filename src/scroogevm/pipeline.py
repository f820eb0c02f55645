"""The one loop: windows -> engine -> sinks."""

from collections.abc import Callable, Sequence

from scroogevm.engine import Engine, State
from scroogevm.ports import Chunk, Shape, Sink, Source

Progress = Callable[[int], None]
"""Told, now and then, how many node-windows were judged since it was last told."""


def run(
    source: Source,
    engine_for: Callable[[Shape], Engine],
    sinks: Sequence[Sink],
    progress: Progress = lambda _: None,
) -> None:
    """Judge every window of a source and hand each answer to every sink.

    Args:
        source: where windows come from; its chunks are read one after the other.
        engine_for: the engine for a way of cutting time.
        sinks: where estimates go.
        progress: told of each occurrence.
    """
    for chunk in source.chunks():
        _run_chunk(chunk, engine_for(chunk.shape), sinks, progress)


def _run_chunk(chunk: Chunk, engine: Engine, sinks: Sequence[Sink], progress: Progress) -> None:
    for sink in sinks:
        sink.begin(chunk)
    state = State()
    for number, occurrence in enumerate(chunk.occurrences):
        future = chunk.occurrences[number + 1 :] if engine.looks_ahead else ()
        state, step = engine.step(state, occurrence, future)
        for sink in sinks:
            sink.take(step)
        progress(len(chunk.nodes))
    for sink in sinks:
        sink.end()
