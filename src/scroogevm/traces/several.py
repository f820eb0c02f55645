"""Several traces replayed as one fleet."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from scroogevm.ports import Chunk
from scroogevm.traces.chunk import RecordedChunk
from scroogevm.traces.format import TraceSource, open_trace
from scroogevm.traces.options import ReadOptions


@dataclass(frozen=True)
class SeveralTraces(TraceSource):
    """Traces one after the other; the nodes of each are called ``TRACE/NODE``.

    Attributes:
        sources: the traces by name.
    """

    sources: Sequence[tuple[str, TraceSource]]

    @property
    def node_count(self) -> int:
        """Nodes of all traces."""
        return sum(source.node_count for _, source in self.sources)

    @property
    def node_windows(self) -> int | None:
        """Windows of all nodes; None when one of the traces cannot say."""
        known = [source.node_windows for _, source in self.sources]
        return None if None in known else sum(number or 0 for number in known)

    def loads(self) -> Iterable[Callable[[], Chunk]]:
        """The chunks of each trace."""
        for name, source in self.sources:
            for load in source.loads():
                yield partial(_renamed, load, name)


def open_traces(paths: Sequence[Path], options: ReadOptions) -> TraceSource:
    """Open one trace as it is, or several as one fleet.

    Raises:
        TraceError: one of them cannot be read.
    """
    sources = [open_trace(path, options) for path in paths]
    if len(sources) == 1:
        return sources[0]
    return SeveralTraces(list(zip(_names(paths), sources, strict=True)))


def _names(paths: Sequence[Path]) -> Sequence[str]:
    """A name for each trace: that of its file without endings, or its whole path if not unique."""
    short = [path.resolve().name.split(".")[0] or str(path) for path in paths]
    if len(set(short)) == len(short):
        return short
    whole = [str(path) for path in paths]
    repeats = {path: whole.count(path) for path in whole}
    return [p if repeats[p] == 1 else f"{p}#{number}" for number, p in enumerate(whole)]


def _renamed(load: Callable[[], Chunk], name: str) -> Chunk:
    chunk = load()
    nodes = tuple(f"{name}/{node}" for node in chunk.nodes)
    occurrences = [replace(occurrence, nodes=nodes) for occurrence in chunk.occurrences]
    return RecordedChunk(chunk.shape, nodes, occurrences, chunk.remarks)
