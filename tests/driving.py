"""Drives sinks in tests as a replay does."""

from collections.abc import Callable, Iterator, Sequence

from scroogevm import pipeline
from scroogevm.engine import Engine
from scroogevm.ports import Chunk, Shape, Sink


class Chunks:
    """A source of chunks that are in memory already."""

    def __init__(self, chunks: Sequence[Chunk]) -> None:
        self._chunks = chunks

    @property
    def node_count(self) -> int:
        return sum(len(chunk.nodes) for chunk in self._chunks)

    def chunks(self) -> Iterator[Chunk]:
        return iter(self._chunks)


def drive(
    chunks: Sequence[Chunk], engine_for: Callable[[Shape], Engine], sinks: Sequence[Sink]
) -> None:
    """Replay chunks into sinks, and close them."""
    pipeline.run(Chunks(chunks), engine_for, sinks)
    for sink in sinks:
        sink.close()
