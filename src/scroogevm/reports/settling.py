"""Settles each step at once, and hands what came of it to parts that write or count it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from scroogevm.ports import Chunk, Step
from scroogevm.reports.record import Moment, WindowRecord
from scroogevm.scoring import Promises, Truth, since

if TYPE_CHECKING:
    from scroogevm.core.window import Window


class Notes(Protocol):
    """What a part notes of one chunk, in the process that judges it; it is bounded."""

    def take(self, moment: Moment) -> None:
        """Note a window that was settled."""

    def close(self) -> Any:
        """The chunk is over: what to hand to the part, which can be pickled."""


class ReportPart(Protocol):
    """One kind of result."""

    @property
    def open(self) -> Callable[[Chunk], Notes]:
        """Opens notes for a chunk; it can be pickled."""

    def accept(self, content: Any) -> None:
        """Take what the notes of the next chunk, in order, were closed with."""

    def close(self) -> None:
        """Every chunk is over: write what is to be written."""


class Settling:
    """A sink that settles each step once for all of its parts.

    Args:
        parts: who gets each window, in this order.
    """

    def __init__(self, parts: Sequence[ReportPart]) -> None:
        self._parts = parts

    @property
    def open(self) -> Callable[[Chunk], "SettlingPage"]:
        """Opens a page for a chunk."""
        return _Open([part.open for part in self._parts])

    def accept(self, contents: Sequence[Any]) -> None:
        """Hand what was noted of a chunk to the parts."""
        for part, content in zip(self._parts, contents, strict=True):
            part.accept(content)

    def close(self) -> None:
        """Let every part finish."""
        for part in self._parts:
            part.close()


@dataclass(frozen=True)
class _Open:
    opens: Sequence[Callable[[Chunk], Notes]]

    def __call__(self, chunk: Chunk) -> "SettlingPage":
        return SettlingPage(chunk, [open_notes(chunk) for open_notes in self.opens])


class SettlingPage:
    """A page whose memory grows with nodes and strategies, and not with windows.

    Args:
        chunk: whose steps come.
        notes: who gets each window.
    """

    def __init__(self, chunk: Chunk, notes: Sequence[Notes]) -> None:
        self._shape = chunk.shape
        self._notes = notes
        self._promises = Promises()
        self._before: dict[str, Window] = {}

    def take(self, step: Step) -> None:
        """Settle one occurrence, and hand it on."""
        occurrence = step.occurrence
        truths = {resource: self._truth(step, resource) for resource in step.estimates}
        said = {
            resource: (truths[resource], {name: each.demand for name, each in answers.items()})
            for resource, answers in step.estimates.items()
        }
        slices = self._shape.slices
        self._promises, settled = self._promises.then(occurrence.nodes, slices, said)
        told = {}
        for resource, answers in step.estimates.items():
            enough = step.measured[resource]
            told[resource] = WindowRecord(
                strategies=self._promises.strategies[resource],
                truth=truths[resource],
                mean=np.where(enough, occurrence.windows[resource].mean, np.nan),
                measured=enough,
                promise=self._promises.made[resource],
                settled=settled[resource],
                estimates=list(answers.values()),
            )
        moment = Moment(
            self._shape,
            occurrence.nodes,
            occurrence.number,
            occurrence.slice,
            occurrence.end,
            told,
            occurrence.windows,
        )
        for notes in self._notes:
            notes.take(moment)
        # Of the samples of a window nobody needs to know once it is settled.
        self._before = {
            resource: window.with_vms(window.vms.unsampled)
            for resource, window in occurrence.windows.items()
        }

    def close(self) -> Sequence[Any]:
        """What each part is to get."""
        return [notes.close() for notes in self._notes]

    def _truth(self, step: Step, resource: str) -> Truth:
        window = step.occurrence.windows[resource]
        before = self._before.get(resource, window)
        enough = step.measured[resource]
        added, known = since(before, window)
        return Truth(
            capacity=window.capacity,
            allocated=window.allocated,
            added=added,
            p99=np.where(enough, window.p99, np.nan),
            peak=np.where(enough, window.maximum, np.nan),
            known=np.where(enough, known, np.nan),
        )
