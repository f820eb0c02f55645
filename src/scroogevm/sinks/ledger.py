"""Collects what the engine says of a chunk, judges it, and hands it to the writers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import Memo
from scroogevm.core.window import Occurrence
from scroogevm.ports import Chunk, Step
from scroogevm.scoring import Truth, added
from scroogevm.sinks.record import Pair, Record
from scroogevm.sinks.writer import Writer


class Ledger:
    """A sink that keeps a few numbers of each window: memory does not grow with samples or VMs.

    Args:
        writers: who gets each chunk when it is over, in this order.
    """

    def __init__(self, writers: Sequence[Writer]) -> None:
        self.writers = writers
        self._chunk: Chunk
        self._page = _Page()

    def begin(self, chunk: Chunk) -> None:
        """Open a page for the chunk."""
        self._chunk = chunk
        self._page = _Page()

    def take(self, step: Step) -> None:
        """Note one occurrence."""
        self._page.note(step)

    def end(self) -> None:
        """Judge the chunk and hand it over."""
        record = self._page.record(self._chunk)
        self._page = _Page()
        for answer in record.answers():
            for writer in self.writers:
                writer.answer(record, answer)
        for writer in self.writers:
            writer.done(record)

    def close(self) -> None:
        """Let every writer finish."""
        for writer in self.writers:
            writer.close()


@dataclass
class _Page:
    """The notes of one chunk, a list of (nodes,) arrays for each quantity."""

    times: list[tuple[int, int, float]] = field(default_factory=list)
    usage: dict[str, list[Mapping[str, Floats]]] = field(default_factory=dict)
    measured: dict[str, list[Bools]] = field(default_factory=dict)
    demands: dict[Pair, list[Floats]] = field(default_factory=dict)
    memos: dict[Pair, list[Memo]] = field(default_factory=dict)
    before: Occurrence | None = None

    def note(self, step: Step) -> None:
        occurrence = step.occurrence
        self.times.append((occurrence.number, occurrence.slice, occurrence.end))
        for resource, strategies in step.estimates.items():
            self.usage.setdefault(resource, []).append(self._usage(step, resource))
            self.measured.setdefault(resource, []).append(step.measured[resource])
            for strategy, estimate in strategies.items():
                pair = (resource, strategy)
                self.demands.setdefault(pair, []).append(estimate.demand)
                self.memos.setdefault(pair, []).append(estimate.memo)
        self.before = occurrence

    def _usage(self, step: Step, resource: str) -> Mapping[str, Floats]:
        window = step.occurrence.windows[resource]
        before = self.before.windows[resource] if self.before else window
        enough = step.measured[resource]
        return {
            "capacity": window.capacity,
            "allocated": window.allocated,
            "added": added(before, window),
            "p99": np.where(enough, window.p99, np.nan),
            "peak": np.where(enough, window.maximum, np.nan),
            "mean": np.where(enough, window.mean, np.nan),
        }

    def record(self, chunk: Chunk) -> Record:
        truth: dict[str, Truth] = {}
        mean: dict[str, Floats] = {}
        for resource, rows in self.usage.items():
            arrays = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
            mean[resource] = arrays.pop("mean")
            truth[resource] = Truth(**arrays)
        return Record(
            shape=chunk.shape,
            nodes=chunk.nodes,
            numbers=[number for number, _, _ in self.times],
            slices=[position for _, position, _ in self.times],
            ends=[end for _, _, end in self.times],
            truth=truth,
            mean=mean,
            measured={resource: np.stack(rows) for resource, rows in self.measured.items()},
            demands={pair: np.stack(rows) for pair, rows in self.demands.items()},
            memos=self.memos,
        )
