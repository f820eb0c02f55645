"""Collects what the engine says of a chunk, and hands it to the writers, judged."""

from collections.abc import Callable, Mapping, Sequence

import numpy as np

from scroogevm.core.arrays import Bools, Floats
from scroogevm.core.history import Memo
from scroogevm.core.window import Window
from scroogevm.ports import Chunk, Step
from scroogevm.scoring import Truth, added
from scroogevm.sinks.record import Memos, Pair, Record
from scroogevm.sinks.writer import Writer

Windows = Mapping[str, Window]
"""The window of each resource."""


class Notes:
    """A page with a few numbers of each window: it does not grow with samples or VMs.

    All of it are lists of (nodes,) arrays, one for each window.
    """

    def __init__(self, chunk: Chunk) -> None:
        self._chunk = chunk
        self._times: list[tuple[int, int, float]] = []
        self._usage: dict[str, list[Mapping[str, Floats]]] = {}
        self._measured: dict[str, list[Bools]] = {}
        self._demands: dict[Pair, list[Floats]] = {}
        self._memos: dict[Pair, list[Memo]] = {}
        self._before: Windows = {}

    def take(self, step: Step) -> None:
        """Note one occurrence."""
        occurrence = step.occurrence
        self._times.append((occurrence.number, occurrence.slice, occurrence.end))
        for resource, strategies in step.estimates.items():
            self._usage.setdefault(resource, []).append(self._of_window(step, resource))
            self._measured.setdefault(resource, []).append(step.measured[resource])
            for strategy, estimate in strategies.items():
                pair = (resource, strategy)
                self._demands.setdefault(pair, []).append(estimate.demand)
                self._memos.setdefault(pair, []).append(estimate.memo)
        self._before = occurrence.windows

    def _of_window(self, step: Step, resource: str) -> Mapping[str, Floats]:
        window = step.occurrence.windows[resource]
        before = self._before.get(resource, window)
        enough = step.measured[resource]
        return {
            "capacity": window.capacity,
            "allocated": window.allocated,
            "added": added(before, window),
            "p99": np.where(enough, window.p99, np.nan),
            "peak": np.where(enough, window.maximum, np.nan),
            "mean": np.where(enough, window.mean, np.nan),
        }

    def close(self) -> Record:
        """All of it as arrays."""
        truth: dict[str, Truth] = {}
        mean: dict[str, Floats] = {}
        for resource, rows in self._usage.items():
            arrays = {name: np.stack([row[name] for row in rows]) for name in rows[0]}
            mean[resource] = arrays.pop("mean")
            truth[resource] = Truth(**arrays)
        nodes = len(self._chunk.nodes)
        return Record(
            shape=self._chunk.shape,
            nodes=self._chunk.nodes,
            numbers=[number for number, _, _ in self._times],
            slices=[position for _, position, _ in self._times],
            ends=[end for _, _, end in self._times],
            truth=truth,
            mean=mean,
            measured={resource: np.stack(rows) for resource, rows in self._measured.items()},
            demands={pair: np.stack(rows) for pair, rows in self._demands.items()},
            memos={pair: _by_name(memos, nodes) for pair, memos in self._memos.items()},
        )


class Ledger:
    """A sink that hands each chunk to writers, one strategy after the other.

    Args:
        writers: who gets each chunk when it is over, in this order.
    """

    def __init__(self, writers: Sequence[Writer]) -> None:
        self._writers = writers

    @property
    def open(self) -> Callable[[Chunk], Notes]:
        """Opens a page for a chunk."""
        return Notes

    def accept(self, content: Record) -> None:
        """Judge the chunk and hand it over."""
        for answer in content.answers():
            for writer in self._writers:
                writer.answer(content, answer)
        for writer in self._writers:
            writer.done(content)

    def close(self) -> None:
        """Let every writer finish."""
        for writer in self._writers:
            writer.close()


def _by_name(memos: Sequence[Memo], nodes: int) -> Memos:
    """Each remembered array over all windows, (windows, nodes); NaN where there was none."""
    names = dict.fromkeys(name for memo in memos for name in memo)
    missing = np.full(nodes, np.nan)
    return {name: np.stack([memo.get(name, missing) for memo in memos]) for name in names}
