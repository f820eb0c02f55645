"""From a store of samples to a trace: what telemetry recorded can be replayed."""

from scroogevm.traces.recording.record import RecordingResult, record
from scroogevm.traces.recording.request import StoreQuery

__all__ = ["RecordingResult", "StoreQuery", "record"]
