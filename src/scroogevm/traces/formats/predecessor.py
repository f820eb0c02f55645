"""The predecessor's JSON as a trace format."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from scroogevm.ports import Chunk
from scroogevm.traces.chunk import RecordedChunk
from scroogevm.traces.cut import cut
from scroogevm.traces.format import TraceFormat, TraceSource
from scroogevm.traces.options import ReadOptions
from scroogevm.traces.predecessor.recording import read_recording
from scroogevm.traces.predecessor.tables import recording_to_tables
from scroogevm.traces.predecessor.windows import occurrences
from scroogevm.traces.remarks import Remarks
from scroogevm.traces.text import may_be_json


@dataclass(frozen=True)
class Predecessor(TraceFormat):
    """One JSON file, plain or compressed, is one node."""

    formula = "JSON of one node (.json, .gz, .xz, .zst)"
    source = "the ScroogeVM research prototype, 2023"

    def recognises(self, path: Path) -> bool:
        """Whether it is a file called JSON, or one that begins as JSON or as compressed text."""
        if not path.is_file() or ".csv" in path.suffixes:
            return False
        return ".json" in path.suffixes or may_be_json(path)

    def open(self, path: Path, options: ReadOptions) -> TraceSource:
        """The source of a file."""
        return _JsonSource(path, options)


@dataclass(frozen=True)
class _JsonSource(TraceSource):
    path: Path
    options: ReadOptions

    @property
    def node_count(self) -> int:
        """One file is one node."""
        return 1

    @property
    def node_windows(self) -> int | None:
        """Unknown until the file is read."""
        return None

    def loads(self) -> Iterable[Callable[[], Chunk]]:
        """The one chunk of the file."""
        return (self._load,)

    def _load(self) -> Chunk:
        remarks = Remarks()
        recording = read_recording(self.path, remarks)
        options = self.options
        unit = options.vm_cpu_usage or "fraction"
        if options.scope is not None or options.slice is not None:
            manifest, nodes, vms = recording_to_tables(recording, unit)
            return replace(cut(nodes, vms, manifest, options, str(self.path)), found=remarks)
        history = recording.shape.history if options.history is None else options.history
        shape = replace(recording.shape, history=history)
        found = occurrences(recording, shape, unit, options.aggregation)
        return RecordedChunk(shape, (recording.name,), found, remarks.kinds)
