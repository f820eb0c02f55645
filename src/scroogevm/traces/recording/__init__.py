"""Records samples of a store as a trace that can be replayed."""

from scroogevm.traces.recording.record import RecordingResult, record
from scroogevm.traces.recording.request import StoreQuery

__all__ = ["RecordingResult", "StoreQuery", "record"]
