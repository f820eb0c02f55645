"""The interface of a format of node traces."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from pathlib import Path

from scroogevm.errors import TraceError
from scroogevm.ports import Chunk
from scroogevm.registry import Family, Plugin
from scroogevm.traces.options import ReadOptions

FORMATS = Family("scroogevm.traces.formats", "trace format")


class TraceSource(ABC):
    """A trace that was opened; a ``ports.Source``."""

    @property
    @abstractmethod
    def node_count(self) -> int:
        """How many nodes it has."""

    @property
    @abstractmethod
    def node_windows(self) -> int | None:
        """Number of all node-windows; None if it is unknown before reading."""

    @abstractmethod
    def loads(self) -> Iterable[Callable[[], Chunk]]:
        """What reads each chunk, in order; it can be pickled."""


class TraceFormat(Plugin, ABC):
    """A format of node traces. One file in ``traces/formats/``."""

    @abstractmethod
    def recognises(self, path: Path) -> bool:
        """Whether a path looks like this format, judged without reading it whole."""

    @abstractmethod
    def open(self, path: Path, options: ReadOptions) -> TraceSource:
        """Open a trace.

        Raises:
            TraceError: it cannot be read.
        """


def open_trace(path: Path, options: ReadOptions) -> TraceSource:
    """Open a trace of whatever format.

    Raises:
        TraceError: there is nothing, or no format knows it.
    """
    if not path.exists():
        raise TraceError("no such file or directory", where=str(path))
    for name in FORMATS.names:
        found: TraceFormat = FORMATS.build(name)
        if found.recognises(path):
            return found.open(path, options)
    kinds = "; ".join(f"{name}: {FORMATS.load(name).formula}" for name in FORMATS.names)
    raise TraceError(
        "is not a trace that can be replayed",
        where=str(path),
        remedy=f"known are {kinds}. VM traces are placed on nodes first: scroogevm trace place; "
        "samples of a store are recorded first: scroogevm trace record",
    )
