"""From a store of samples to a trace: what telemetry recorded can be replayed."""

from scroogevm.traces.stored.asked import Asked
from scroogevm.traces.stored.record import Outcome, record

__all__ = ["Asked", "Outcome", "record"]
