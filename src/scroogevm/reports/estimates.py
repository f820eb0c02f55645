"""Writes ``estimates`` and ``memos``: every promise with its outcome and its reason.

``estimates`` has one row for each node, window, resource and strategy. ``memos`` has what the
strategy kept of its decision (greedy's r, doa's d), one row for each value. As JSON both are
NDJSON, one object a line, since they may be larger than memory.
"""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import numpy as np
import polars as pl

from scroogevm.ports import Chunk
from scroogevm.reports.blocks import Blocks
from scroogevm.reports.record import Moment, Record
from scroogevm.reports.table import Format, Parts, ResultTable

Written = tuple[Sequence[Path], Sequence[Path]]
"""The files of both tables."""


class Estimates:
    """Writes both tables, for a replay that is asked for every estimate."""

    def __init__(self, directory: Path, formats: Sequence[Format]) -> None:
        self._directory = directory
        self._estimates = ResultTable(directory, "estimates", formats, lines=True)
        self._memos = ResultTable(directory, "memos", formats, lines=True)

    @property
    def open(self) -> Callable[[Chunk], "EstimatesNotes"]:
        """Opens notes for a chunk."""
        return partial(EstimatesNotes, self._directory)

    def accept(self, written: Written) -> None:
        """Take the rows of one more chunk."""
        estimates, memos = written
        self._estimates.adopt(estimates)
        self._memos.adopt(memos)

    def close(self) -> None:
        """Write both."""
        self._estimates.close()
        self._memos.close()


class EstimatesNotes:
    """Streams the rows of a chunk to disk."""

    def __init__(self, directory: Path, _: Chunk) -> None:
        self._estimates = Parts(directory, "estimates")
        self._memos = Parts(directory, "memos")
        self._blocks = Blocks(self._add)

    def take(self, moment: Moment) -> None:
        """Note one window."""
        self._blocks.take(moment)

    def close(self) -> Written:
        """Where the rows are."""
        self._blocks.flush()
        return self._estimates.close(), self._memos.close()

    def _add(self, record: Record) -> None:
        for answer in record.answers():
            truth, settled = record.truth[answer.resource], answer.settled
            keys = keys_of(record, answer.resource, answer.strategy)
            columns = {
                "capacity": truth.capacity,
                "allocated": truth.allocated,
                "demand": answer.demand,
                "promise": answer.told,
                "free": settled.free,
                "oversubscription": settled.ratio,
                "p99": truth.p99,
                "peak": truth.peak,
                "shortfall": settled.shortfall,
                "waste": settled.waste,
                "misprediction": settled.misprediction,
                "measured": record.measured[answer.resource],
            }
            flat = [pl.Series(name, array.reshape(-1)) for name, array in columns.items()]
            self._estimates.append(keys.with_columns(flat))
            short = keys.select("node", "window", "resource", "strategy")
            for name, array in answer.memos.items():
                if "/_" in f"/{name}":  # state that explains nothing
                    continue
                values = pl.Series("value", array.reshape(-1), nan_to_null=True)
                rows = short.with_columns(pl.lit(name).alias("name"), values)
                self._memos.append(rows.drop_nulls("value"))


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
