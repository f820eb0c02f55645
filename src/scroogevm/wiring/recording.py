"""Records traces from stores."""

from collections.abc import Sequence
from pathlib import Path

from scroogevm.stores import open_store
from scroogevm.traces.recording import RecordingResult, StoreQuery
from scroogevm.traces.recording import record as record_trace
from scroogevm.traces.recording.record import Bar as PieceBar


def record(  # noqa: D417  # the others are those of traces.recording.record
    asked: StoreQuery, options: Sequence[str], output: Path, bar: PieceBar, **how: bool
) -> RecordingResult:
    """Write what a store has as a trace.

    Args:
        asked: what of it.
        options: parameters of the store, as ``KEY=VALUE``.
        output: the directory to write.
        bar: shows the pieces being read.

    Raises:
        StoreError: the store cannot be read, or has no such samples.
        MisuseError: there is no such store or node, or the place is taken.
        OutputError: it cannot be written.
    """
    with open_store(asked.origin, options) as store:
        return record_trace(store, asked, output, bar, **how)
