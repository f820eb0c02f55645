"""Replays several traces as one fleet."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from pathlib import Path

from scroogevm.core.window import Occurrence
from scroogevm.ports import Chunk, Remark, Shape
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


@dataclass(frozen=True)
class _Renamed:
    """A chunk whose nodes are called ``TRACE/NODE``."""

    chunk: Chunk
    trace: str

    @property
    def shape(self) -> Shape:
        return self.chunk.shape

    @cached_property
    def nodes(self) -> Sequence[str]:
        return tuple(f"{self.trace}/{node}" for node in self.chunk.nodes)

    @property
    def windows(self) -> int:
        return self.chunk.windows

    @property
    def occurrences(self) -> Iterator[Occurrence]:
        for occurrence in self.chunk.occurrences:
            yield replace(occurrence, nodes=self.nodes)

    @property
    def remarks(self) -> Sequence[Remark]:
        return self.chunk.remarks


def _renamed(load: Callable[[], Chunk], name: str) -> Chunk:
    return _Renamed(load(), name)
