"""Settles each step, and passes the result to the parts that write or count it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from scroogevm.ports import Chunk, Step
from scroogevm.reports.record import Moment
from scroogevm.settlement import Settlement


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
        self._settlement = Settlement(chunk.shape.slices)

    def take(self, step: Step) -> None:
        """Settle one occurrence, and hand it on."""
        occurrence = step.occurrence
        moment = Moment(
            self._shape,
            occurrence.nodes,
            occurrence.number,
            occurrence.slice,
            occurrence.end,
            self._settlement.then(step),
            occurrence.windows,
        )
        for notes in self._notes:
            notes.take(moment)

    def close(self) -> Sequence[Any]:
        """What each part is to get."""
        return [notes.close() for notes in self._notes]
