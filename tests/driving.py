"""Drives sinks in tests as a replay does."""

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Protocol

from scroogevm import pipeline
from scroogevm.engine import Engine
from scroogevm.ports import Chunk, Shape, Sink


class Closing(Sink, Protocol):
    """A sink that wants to know when everything is over."""

    def close(self) -> object: ...


class Chunks:
    """A source of chunks that are in memory already."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = chunks

    def loads(self) -> Iterable[Callable[[], Chunk]]:
        return [partial(_same, chunk) for chunk in self._chunks]


def _same(chunk: Chunk) -> Chunk:
    return chunk


def drive(
    chunks: Sequence[Chunk], engine_for: Callable[[Shape], Engine], sinks: Sequence[Closing]
) -> None:
    """Replay chunks into sinks, and close them."""
    pipeline.run(Chunks(chunks), engine_for, sinks)
    for sink in sinks:
        sink.close()
