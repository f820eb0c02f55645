"""``estimates`` and ``memos``: every promise with what came of it, and why it was made.

``estimates`` has one row for each node, window, resource and strategy. ``memos`` has what the
strategy kept of its decision (greedy's r and verdict, doa's d), one row for each value. As JSON
both are NDJSON, one object a line, since they may be larger than memory.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import polars as pl

from scroogevm.sinks.record import Answer, Record
from scroogevm.sinks.table import Format, Table
from scroogevm.sinks.writer import Writer


class Estimates(Writer):
    """Writes both tables."""

    def __init__(self, directory: Path, formats: Sequence[Format]) -> None:
        self._estimates = Table(directory, "estimates", formats, lines=True)
        self._memos = Table(directory, "memos", formats, lines=True)

    def answer(self, record: Record, answer: Answer) -> None:
        """Add the rows of one strategy."""
        truth, judged = record.truth[answer.resource], answer.judged
        keys = keys_of(record, answer.resource, answer.strategy)
        columns = {
            "capacity": truth.capacity,
            "allocated": truth.allocated,
            "demand": answer.demand,
            "promise": answer.told,
            "free": judged.free,
            "oversubscription": judged.ratio,
            "p99": truth.p99,
            "peak": truth.peak,
            "shortfall": judged.shortfall,
            "waste": judged.waste,
            "misprediction": judged.misprediction,
            "measured": record.measured[answer.resource],
        }
        flat = [pl.Series(name, array.reshape(-1)) for name, array in columns.items()]
        self._estimates.append(keys.with_columns(flat))
        short = keys.select("node", "window", "resource", "strategy")
        for name, array in answer.memos.items():
            values = pl.Series("value", array.reshape(-1), nan_to_null=True)
            rows = short.with_columns(pl.lit(name).alias("name"), values)
            self._memos.append(rows.drop_nulls("value"))

    def close(self) -> None:
        """Write both."""
        self._estimates.close()
        self._memos.close()


def keys_of(record: Record, resource: str, strategy: str) -> pl.DataFrame:
    """What identifies each row: windows in order, in each the nodes in order."""
    windows, nodes = record.windows, len(record.nodes)
    names = pl.Series("node", record.nodes, dtype=pl.String)
    return pl.DataFrame(
        {
            "node": names.gather(np.tile(np.arange(nodes), windows)),
            "window": np.repeat(np.asarray(record.numbers, np.int32), nodes),
            "slice": np.repeat(np.asarray(record.slices, np.int32), nodes),
            "end": np.repeat(np.asarray(record.ends, np.float64), nodes),
        }
    ).with_columns(resource=pl.lit(resource), strategy=pl.lit(strategy))
